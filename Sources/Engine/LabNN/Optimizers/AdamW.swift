import LabCore
import LabGraph

/// Adam with decoupled weight decay: parameters shrink by `rate · decay` beside the gradient's step.
///
/// - Source: Loshchilov, Hutter, "Decoupled weight decay regularization", ICLR 2019, arXiv 1711.05101.
public struct AdamW: Optimizer {
  /// The first moment's decay a step.
  public var beta1: Double
  /// The second moment's decay a step.
  public var beta2: Double
  /// Added to the root of the second moment.
  public var epsilon: Double

  /// Creates the optimiser.
  public init(beta1: Double, beta2: Double = 0.999, epsilon: Double = 1e-8) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  /// Creates the optimiser with PyTorch's defaults.
  public init() { self.init(beta1: 0.9) }

  public static let variant = ConfigurationSchema.Variant(
    "adamw", "Adam with weight decay beside the gradient's step.", options: Adam.options(Adam()), revision: 1)

  public func update(_ parameter: OptimizedParameter, in context: OptimizerContext) throws -> Tensor {
    try Adam(beta1: beta1, beta2: beta2, epsilon: epsilon).update(parameter, isDecoupled: true, in: context)
  }
}
