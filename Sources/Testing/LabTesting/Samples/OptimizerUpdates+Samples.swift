import LabCore
import LabGraph

extension OperationSamples {
  static let sgdUpdate: [OperationSample] = {
    var samples: [OperationSample] = []
    for (momentum, isNesterov) in [(Float(0), false), (0.9, false), (0.9, true)] {
      for (decay, factor) in [(Float(0), Float(1)), (5e-4, 1), (0.01, 10)] {
        for shape in [Shape([3, 7, 3]), Shape([20, 16, 3, 3])] {
          let operation = SGDUpdate(
            momentum: momentum, isNesterov: isNesterov, weightDecay: decay, rateFactor: factor)
          let moments = momentum == 0 ? 0 : 1
          samples.append(
            update(
              operation, "\(shape), momentum \(momentum), nesterov \(isNesterov), decay \(decay), factor \(factor)",
              shape, moments: [SampleOperand.Values](repeating: .normal, count: moments),
              scalars: [0.05, 0.7]))
        }
      }
    }
    return samples
  }()

  static let adamUpdate: [OperationSample] = {
    var samples: [OperationSample] = []
    for isDecoupled in [false, true] {
      for (decay, factor) in [(Float(0), Float(1)), (0.05, 1), (0.05, 10)] {
        let operation = AdamUpdate(
          beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: decay, isDecoupled: isDecoupled, rateFactor: factor)
        samples.append(
          update(
            operation, "decoupled \(isDecoupled), decay \(decay), factor \(factor)", [5, 7, 3],
            moments: [.normal, .uniform(0.1, 2)], scalars: [0.001, 0.271, 0.002997001, 0.7]))
      }
    }
    return samples
  }()

  static let gradientClipFactor = [
    OperationSample(
      GradientClipFactor(maximumNorm: 1), "clipping several", [.fixed([3, 4]), .fixed([5]), .fixed([2, 3, 3, 3])]),
    OperationSample(GradientClipFactor(maximumNorm: 100), "not clipping", [.fixed([17])]),
  ]

  static let movingAverageUpdate = [
    OperationSample(
      MovingAverageUpdate.name, "a weight",
      [.state([4, 3, 3, 3], role: .optimizerState), .fixed([4, 3, 3, 3]), .scalar(0.01)]
    ) { builder, operands in
      try builder.update(operands[0], to: builder.apply(MovingAverageUpdate(), operands)[0])
      return []
    }
  ]

  /// A step on a parameter, whose results are only seen as the variables' new values.
  private static func update(
    _ operation: some Operation, _ variation: String, _ shape: Shape, moments: [SampleOperand.Values], scalars: [Double]
  ) -> OperationSample {
    var operands: [SampleOperand] = [.state(shape, role: .parameter), .fixed(shape)]
    operands += moments.map { .state(shape, $0, role: .optimizerState) }
    operands += scalars.map { .scalar($0) }
    return OperationSample(type(of: operation).name, variation, operands) { builder, tensors in
      let results = try builder.apply(operation, tensors)
      try builder.update(tensors[0], to: results[0])
      for index in moments.indices { try builder.update(tensors[2 + index], to: results[1 + index]) }
      return []
    }
  }
}
