import LabCore
import LabGraph

extension OperationSamples {
  static let matrixProduct = [false, true].flatMap { left in
    [false, true].flatMap { right in
      [(nil, 4, 3, 5), (nil, 1, 17, 33), (3, 2, 4, 3)].map { (batch: Int?, rows, inner, columns) in
        func shape(_ first: Int, _ second: Int, _ isTransposed: Bool) -> Shape {
          Shape((batch.map { [$0] } ?? []) + (isTransposed ? [second, first] : [first, second]))
        }
        return OperationSample(
          MatrixProduct(transposesLeft: left, transposesRight: right),
          "\(rows)×\(inner) times \(inner)×\(columns), transposed \(left) and \(right)\(batch == nil ? "" : ", batch")",
          [.tensor(shape(rows, inner, left)), .parameter(shape(inner, columns, right))])
      }
    }
  }
}
