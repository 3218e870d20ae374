import LabCore
import LabGraph

extension OperationSamples {
  static let binary = Binary.Function.allCases.flatMap { function in
    let shapes: [(String, Shape, Shape)] = [
      ("equal shapes", [2, 3, 4, 5], [2, 3, 4, 5]), ("a scalar on the right", [2, 3], .scalar),
      ("a scalar on the left", .scalar, [2, 3]), ("a bias of rows", [4, 5], [5]),
      ("a factor a channel", [2, 3, 4, 4], [3, 1, 1]), ("a factor a sample and channel", [2, 3, 4, 4], [2, 3, 1, 1]),
      ("a map of pixels", [2, 3, 4, 4], [2, 1, 4, 4]), ("both sides repeated", [4, 1, 3], [2, 1]),
      ("scalars", .scalar, .scalar),
    ]
    return shapes.map { variation, left, right in
      // Divisors keep away from zero.
      let divisor = SampleOperand.Values.uniform(0.5, 2)
      return OperationSample(
        Binary(function), "\(function.rawValue), \(variation)",
        [.tensor(left), .tensor(right, function == .divide ? divisor : .normal)])
    }
  }
}
