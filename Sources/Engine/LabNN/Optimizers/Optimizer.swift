import LabCore
import LabGraph

/// A rule that turns a gradient into a parameter's new value, built into the step's graph.
public protocol Optimizer: ConfigurableComponent {
  /// Adds one parameter's update to the graph.
  ///
  /// State is declared through ``OptimizerContext/state(_:of:)``.
  ///
  /// - Returns: the parameter's new value.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  func update(_ parameter: OptimizedParameter, in context: OptimizerContext) throws -> Tensor
}

/// One parameter as an optimiser sees it.
public struct OptimizedParameter {
  /// The name, such as `conv1.weight`.
  public var name: String
  /// The value before the step.
  public var value: Tensor
  /// The gradient, before ``OptimizerContext/gradientScale`` is applied.
  public var gradient: Tensor
  /// The decay that applies to this parameter.
  public var weightDecay: Double
  /// The factor of the learning rate for this parameter.
  public var rateFactor: Double
}

/// What all parameters' updates share.
public struct OptimizerContext {
  /// The model's context, for scalars.
  public let model: ModelContext
  /// The learning rate, a scalar.
  public let rate: Tensor
  /// The factor of all gradients, a scalar: gradient clipping.
  public let gradientScale: Tensor

  /// Declares a tensor like a parameter that the optimiser keeps between steps, at first 0.
  ///
  /// - Parameters:
  ///   - quantity: what it is, such as `velocity`; the variable is `optimizer.velocity.<parameter>`.
  ///   - parameter: the parameter that it belongs to.
  /// - Throws: ``LabGraph/GraphError`` where the name is taken.
  public func state(_ quantity: String, of parameter: OptimizedParameter) throws -> Tensor {
    try model.builder.variable(
      named: "optimizer.\(quantity).\(parameter.name)", parameter.value.shape, role: .optimizerState)
  }
}

/// The optimisers that a configuration can name.
public enum OptimizerFamily: ComponentFamily {
  public static let registry = Registry<any Optimizer>(
    "optimizers",
    [
      SGD(),
      Adam(),
      AdamW(),
    ]
  ) { type(of: $0).registeredNames }
}

/// The configuration of an optimiser: `"sgd"`, `{"name": "adamw", "beta2": 0.99}`.
public typealias OptimizerConfiguration = Selection<OptimizerFamily>
