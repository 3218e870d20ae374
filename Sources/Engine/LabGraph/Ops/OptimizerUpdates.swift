import LabCore

/// An optimizer's step on one parameter as one operation, which works element by element.
///
/// A backend may keep the parameter, its gradient and its states in any one layout, and write results in place.
///
/// ## Shapes
/// - operands: parameter, gradient and ``stateCount`` states of one shape, then ``scalarCount`` scalars; results: the new
///   parameter and the new states.
public protocol ParameterUpdate: Operation {
  /// The number of tensors that the optimizer keeps for the parameter between steps.
  var stateCount: Int { get }
  /// The number of scalars, such as the learning rate.
  var scalarCount: Int { get }
}

extension ParameterUpdate {
  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    let tensors = 2 + stateCount
    guard inputs.count == tensors + scalarCount, inputs.allSatisfy({ $0.element == .float32 }),
      inputs[..<tensors].allSatisfy({ $0 == inputs[0] }), inputs[tensors...].allSatisfy({ $0.shape == .scalar })
    else { throw shapeError(expected: "\(tensors) tensors of one shape and \(scalarCount) scalars", actual: inputs) }
    return [TensorType](repeating: inputs[0], count: 1 + stateCount)
  }
}

/// One step of stochastic gradient descent on a parameter.
///
/// `g ← s·g + decay·p; v ← momentum·v + g; p ← p − rate·factor·(nesterov ? g + momentum·v : v)`, PyTorch's formulation.
///
/// ## Shapes
/// - operands: parameter, gradient, velocity (only with momentum) of one shape; `rate` and `gradientScale` scalars;
///   results: the new parameter and, with momentum, the new velocity.
public struct SGDUpdate: ParameterUpdate {
  public static let name = "sgd_update"
  /// The velocity's decay a step; 0 for none, and then no velocity is passed.
  public var momentum: Float
  /// Whether the step looks ahead.
  public var isNesterov: Bool
  /// The coefficient of the parameter in its gradient.
  public var weightDecay: Float
  /// Multiplies the learning rate for this parameter.
  public var rateFactor: Float

  /// Creates the operation.
  public init(momentum: Float, isNesterov: Bool, weightDecay: Float, rateFactor: Float = 1) {
    self.momentum = momentum
    self.isNesterov = isNesterov
    self.weightDecay = weightDecay
    self.rateFactor = rateFactor
  }

  public var stateCount: Int { momentum == 0 ? 0 : 1 }
  public var scalarCount: Int { 2 }
}

/// One step of Adam, or of AdamW when the decay is decoupled, on a parameter.
///
/// ## Shapes
/// - operands: parameter, gradient, first moment, second moment of one shape; scalars `rate`, `correction1` = 1 − β₁ᵗ,
///   `correction2` = 1 − β₂ᵗ, `gradientScale`; results: the new parameter and moments.
/// - Source: Kingma, Ba, "Adam", ICLR 2015, arXiv 1412.6980; Loshchilov, Hutter, "Decoupled weight decay
///   regularization", ICLR 2019, arXiv 1711.05101.
public struct AdamUpdate: ParameterUpdate {
  public static let name = "adam_update"
  /// The first moment's decay a step.
  public var beta1: Double
  /// The second moment's decay a step.
  public var beta2: Double
  /// Added to the root of the second moment.
  public var epsilon: Float
  /// The decay of the parameter.
  public var weightDecay: Float
  /// Whether the decay acts on the parameter itself (AdamW) instead of its gradient.
  public var isDecoupled: Bool
  /// Multiplies the learning rate for this parameter.
  public var rateFactor: Float

  /// Creates the operation.
  public init(
    beta1: Double, beta2: Double, epsilon: Float, weightDecay: Float, isDecoupled: Bool, rateFactor: Float = 1
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isDecoupled = isDecoupled
    self.rateFactor = rateFactor
  }

  public var stateCount: Int { 2 }
  public var scalarCount: Int { 4 }
}

/// The factor that brings the joint Euclidean norm of some gradients down to a maximum: `min(1, maximum / (norm + 1e-6))`.
///
/// ## Shapes
/// - operands: any number of f32 tensors; results: the scalar factor and the scalar norm.
public struct GradientClipFactor: Operation {
  public static let name = "gradient_clip_factor"
  /// The largest norm that is left as it is.
  public var maximumNorm: Float

  /// Creates the operation.
  public init(maximumNorm: Float) { self.maximumNorm = maximumNorm }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard !inputs.isEmpty, inputs.allSatisfy({ $0.element == .float32 }) else {
      throw shapeError(expected: "at least one float tensor", actual: inputs)
    }
    return [TensorType(.scalar), TensorType(.scalar)]
  }
}

/// One step of an exponential moving average: `average ← average + share·(value − average)`.
///
/// The share is 1 − the average's decay, which would lose its digits if single precision held the decay.
///
/// ## Shapes
/// - operands: average and value of one shape, and the scalar `share`; result alike.
public struct MovingAverageUpdate: Operation {
  public static let name = "moving_average_update"

  /// Creates the operation.
  public init() {}

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 3, inputs.allSatisfy({ $0.element == .float32 }), inputs[0] == inputs[1],
      inputs[2].shape == .scalar
    else {
      throw shapeError(expected: "two tensors of one shape and a scalar share", actual: inputs)
    }
    return [inputs[0]]
  }
}
