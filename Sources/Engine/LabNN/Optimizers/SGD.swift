import LabCore
import LabGraph

/// Stochastic gradient descent with momentum, in PyTorch's formulation.
public struct SGD: Optimizer {
  /// The velocity's decay a step; 0 for none.
  public var momentum: Double
  /// Whether the step looks ahead along the velocity.
  public var nesterov: Bool

  /// Creates the optimiser.
  public init(momentum: Double, nesterov: Bool = false) {
    self.momentum = momentum
    self.nesterov = nesterov
  }

  /// Creates the optimiser with a momentum of 0.9.
  public init() { self.init(momentum: 0.9) }

  public static let variant = ConfigurationSchema.Variant(
    "sgd", "Stochastic gradient descent.",
    options: ConfigurationSchema([
      .init(
        "momentum", .number(.init(0, 1, includesMaximum: false)), default: .number(Self().momentum),
        "The velocity's decay a step; 0 for none."),
      .init(
        "nesterov", .boolean, default: .boolean(Self().nesterov),
        "Whether the step looks ahead along the velocity (Nesterov); needs momentum."),
    ]),
    aliases: ["nesterov": ["nesterov": true]])

  public func update(_ parameter: OptimizedParameter, in context: OptimizerContext) throws -> Tensor {
    guard momentum > 0 || !nesterov else {
      throw ModelError.option(subject: Self.variant.name, problem: "nesterov needs a momentum above 0")
    }
    let operation = SGDUpdate(
      momentum: Float(momentum), isNesterov: nesterov, weightDecay: Float(parameter.weightDecay),
      rateFactor: Float(parameter.rateFactor))
    let builder = context.model.builder
    guard momentum > 0 else {
      return try builder.apply(
        operation, parameter.value, parameter.gradient, context.rate, context.gradientScale)
    }
    let velocity = try context.state("velocity", of: parameter)
    let results = try builder.apply(
      operation, [parameter.value, parameter.gradient, velocity, context.rate, context.gradientScale])
    try builder.update(velocity, to: results[1])
    return results[0]
  }
}
