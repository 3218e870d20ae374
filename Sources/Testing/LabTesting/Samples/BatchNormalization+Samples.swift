import LabCore
import LabGraph

extension OperationSamples {
  static let batchNormalization = [
    trainingNorm("images", [3, 4, 3, 5]),
    trainingNorm("vectors", [7, 5]),
    trainingNorm("one image", [1, 3, 4, 4]),
    trainingNorm("momentum 0.3, epsilon 0.01", [2, 3, 4, 4], BatchNormalization(epsilon: 0.01, momentum: 0.3)),
    // A mean far from zero shows a variance that is computed from the raw squares.
    trainingNorm("large mean", [4, 3, 4, 4], values: .uniform(28, 32)),
    // As after a change of data or of weights: the running mean says nothing about the batch.
    trainingNorm("running mean far away", [4, 3, 4, 4], runningMean: .uniform(50, 100)),
  ]

  static let batchNormalizationGradient = [
    OperationSample(
      BatchNormalizationGradient(), "images",
      [
        .fixed([3, 4, 3, 5]), .fixed([3, 4, 3, 5]), .fixed([4]), .fixed([4], .uniform(-0.5, 0.5)),
        .fixed([4], .uniform(0.5, 2)),
      ]),
    OperationSample(
      BatchNormalizationGradient(), "vectors",
      [.fixed([6, 5]), .fixed([6, 5]), .fixed([5]), .fixed([5], .uniform(-0.5, 0.5)), .fixed([5], .uniform(0.5, 2))]),
  ]

  static let batchNormalizationInference = [
    OperationSample(BatchNormalizationInference(), "images", inferenceOperands([2, 5, 4, 3])),
    OperationSample(BatchNormalizationInference(epsilon: 0.1), "vectors, epsilon 0.1", inferenceOperands([4, 6])),
  ]

  /// Batch normalisation in every channel count that a blocked layout could get wrong.
  static let channelGrid = [3, 16, 20, 32, 48].flatMap { channels in
    [1, 5].map { batch in trainingNorm("\(channels) channels, batch \(batch)", [batch, channels, 5, 7]) }
  }

  /// The running statistics are variables that the node updates.
  private static func trainingNorm(
    _ variation: String, _ shape: Shape, _ operation: BatchNormalization = BatchNormalization(),
    values: SampleOperand.Values = .normal, runningMean: SampleOperand.Values = .normal
  ) -> OperationSample {
    let channels: Shape = [shape[1]]
    return OperationSample(
      BatchNormalization.name, variation,
      [
        .tensor(shape, values), .parameter(channels), .parameter(channels), .state(channels, runningMean),
        .state(channels, .uniform(0.5, 2)),
      ]
    ) { builder, operands in
      let results = try builder.apply(operation, operands)
      try builder.update(operands[3], to: results[3])
      try builder.update(operands[4], to: results[4])
      return [results[0]]
    }
  }

  private static func inferenceOperands(_ shape: Shape) -> [SampleOperand] {
    let channels: Shape = [shape[1]]
    return [
      .tensor(shape), .parameter(channels), .parameter(channels), .state(channels),
      .state(channels, .uniform(0.5, 2)),
    ]
  }
}
