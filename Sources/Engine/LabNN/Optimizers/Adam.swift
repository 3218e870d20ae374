import Foundation
import LabCore
import LabGraph

/// Adam; weight decay is part of the gradient.
///
/// - Source: Kingma, Ba, "Adam: a method for stochastic optimization", ICLR 2015, arXiv 1412.6980.
public struct Adam: Optimizer {
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
    "adam", "Adam; weight decay is part of the gradient.", options: options(Self()), revision: 1)

  public func update(_ parameter: OptimizedParameter, in context: OptimizerContext) throws -> Tensor {
    try update(parameter, isDecoupled: false, in: context)
  }

  /// The options of Adam and AdamW.
  static func options(_ defaults: Adam) -> ConfigurationSchema {
    let decay = ConfigurationSchema.Kind.number(.init(0, 1, includesMaximum: false))
    return ConfigurationSchema([
      .init("beta1", decay, default: .number(defaults.beta1), "The first moment's decay a step."),
      .init("beta2", decay, default: .number(defaults.beta2), "The second moment's decay a step."),
      .init(
        "epsilon", .number(.positive), default: .number(defaults.epsilon), "Added to the root of the second moment."),
    ])
  }

  func update(
    _ parameter: OptimizedParameter, isDecoupled: Bool, in context: OptimizerContext
  ) throws -> Tensor {
    let operation = AdamUpdate(
      beta1: beta1, beta2: beta2, epsilon: Float(epsilon), weightDecay: Float(parameter.weightDecay),
      isDecoupled: isDecoupled, rateFactor: Float(parameter.rateFactor))
    let first = try context.state("first_moment", of: parameter)
    let second = try context.state("second_moment", of: parameter)
    let results = try context.model.builder.apply(
      operation,
      [
        parameter.value, parameter.gradient, first, second, context.rate,
        context.model.scalar(BiasCorrection(.first, beta: beta1)),
        context.model.scalar(BiasCorrection(.second, beta: beta2)), context.gradientScale,
      ])
    try context.model.builder.update(first, to: results[1])
    try context.model.builder.update(second, to: results[2])
    return results[0]
  }
}

/// `1 − βᵗ` at step `t`, counted from 1: what Adam divides a moment by because it started at 0.
public struct BiasCorrection: RuntimeScalar {
  /// The moment that is corrected.
  public enum Moment: String, Sendable {
    case first, second
  }

  /// The moment that is corrected.
  public var moment: Moment
  /// The moment's decay a step.
  public var beta: Double

  /// Creates the scalar.
  public init(_ moment: Moment, beta: Double) {
    self.moment = moment
    self.beta = beta
  }

  public var name: String { "\(moment)_moment_correction" }
  public var summary: String { "what Adam divides the \(moment) moment by: 1 − \(beta) to the power of the step" }
  public func value(at position: StepPosition) -> Double { 1 - pow(beta, Double(position.step + 1)) }
}
