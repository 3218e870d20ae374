import LabCore
import LabGraph

extension MatrixProduct: ReferenceKernel {
  static var kind: KernelKind { .matrix }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (a, b) = (inputs[0], inputs[1])
    var y = ReferenceTensor(zeros: outputTypes[0])
    let (rows, columns) = (y.shape[-2], y.shape[-1])
    let inner = a.shape[transposesLeft ? -2 : -1]
    let batch = y.shape.rank == 3 ? y.shape[0] : 1
    let (rowStride, leftStride) = transposesLeft ? (1, rows) : (inner, 1)
    let (rightStride, columnStride) = transposesRight ? (1, inner) : (columns, 1)
    for matrix in 0..<batch {
      for row in 0..<rows {
        for column in 0..<columns {
          var sum = 0.0
          for k in 0..<inner {
            sum +=
              a.elements[matrix * rows * inner + row * rowStride + k * leftStride]
              * b.elements[matrix * inner * columns + k * rightStride + column * columnStride]
          }
          y.elements[(matrix * rows + row) * columns + column] = sum
        }
      }
    }
    return [y]
  }
}
