import LabCore
import LabGraph

/// Batch normalisation: by the batch's statistics in training, by the running ones in evaluation.
///
/// Parameters `weight` and `bias`, buffers `running_mean` and `running_var`, as in PyTorch.
///
/// ## Shapes
/// - `x`: `[N, C, H, W]` or `[N, C]`; result alike.
/// - Source: Ioffe, Szegedy, "Batch normalization", ICML 2015, arXiv 1502.03167.
public struct BatchNorm: NormalizationLayer {
  /// Added to the variance.
  public var epsilon: Double
  /// The weight of a batch's statistics in the running ones.
  public var momentum: Double

  /// Creates the layer.
  public init(epsilon: Double = 1e-5, momentum: Double = 0.1) {
    self.epsilon = epsilon
    self.momentum = momentum
  }

  /// Creates the layer with PyTorch's defaults.
  public init() { self.init(epsilon: 1e-5) }

  public static let variant = ConfigurationSchema.Variant(
    "batch", "Batch normalisation.",
    options: ConfigurationSchema([
      .init("epsilon", .number(.positive), default: .number(Self().epsilon), "Added to the variance."),
      .init(
        "momentum", .number(.unit), default: .number(Self().momentum),
        "The weight of a batch's statistics in the running ones."),
    ]))

  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    guard x.shape.rank >= 2 else {
      throw GraphError.shape(
        operation: BatchNormalization.name, path: context.builder.path, expected: "a batch [N, C, …]",
        actual: x.type.description)
    }
    let channels: Shape = [x.shape[1]]
    let scale = try context.parameter("weight", channels, .ones, category: .normalization)
    let shift = try context.parameter("bias", channels, .zeros, category: .normalization)
    let mean = try context.buffer("running_mean", channels, .zeros)
    let variance = try context.buffer("running_var", channels, .ones)
    let operands = [x, scale, shift, mean, variance]
    switch context.mode {
    case .evaluation:
      return try context.builder.apply(BatchNormalizationInference(epsilon: Float(epsilon)), operands)[0]
    case .training where context.keepsStatistics(mean), .calibration where context.keepsStatistics(mean):
      return try context.builder.apply(BatchNormalizationInference(epsilon: Float(epsilon)), operands)[0]
    case .training:
      let results = try context.builder.apply(
        BatchNormalization(epsilon: Float(epsilon), momentum: Float(momentum)), operands)
      try context.update(mean, to: results[3])
      try context.update(variance, to: results[4])
      return results[0]
    case .calibration:
      // With this momentum, the new running statistics are the batch's own.
      let results = try context.builder.apply(BatchNormalization(epsilon: Float(epsilon), momentum: 1), operands)
      context.measure(
        (mean, variance), as: (results[3], results[4]), count: x.shape.elementCount / x.shape[1])
      return results[0]
    }
  }
}
