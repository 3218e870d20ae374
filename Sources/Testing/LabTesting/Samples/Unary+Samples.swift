import LabGraph

extension OperationSamples {
  static let unary: [OperationSample] = [
    ("negate", .negate, .normal), ("exponential", .exponential, .normal), ("square", .square, .normal),
    ("logarithm", .logarithm, positive), ("square root", .squareRoot, positive), ("reciprocal", .reciprocal, positive),
    ("reciprocal square root", .reciprocalSquareRoot, positive),
    ("affine", .affine(factor: -1.7, offset: 0.3), .normal),
  ].flatMap { (name: String, function: Unary.Function, values: SampleOperand.Values) in
    [
      OperationSample(Unary(function), "\(name) of an image", [.tensor([2, 5, 3, 3], values)]),
      OperationSample(Unary(function), "\(name) of a scalar", [.tensor([], values)]),
    ]
  }

  /// Numbers where logarithms, roots and reciprocals are smooth.
  private static let positive = SampleOperand.Values.uniform(0.2, 3)
}
