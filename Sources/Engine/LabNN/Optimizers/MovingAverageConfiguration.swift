import LabCore

/// An exponential moving average of a model's weights and running statistics, kept beside them.
///
/// Evaluation with ``ModelContext/Weights/averaged`` reads the averages instead of the weights.
public struct MovingAverageConfiguration: Hashable, Sendable {
  /// The average's decay a step.
  public var decay: Double
  /// Whether the decay grows from 0.1 to its value, so that the first weights are soon forgotten.
  public var warmsUp: Bool

  /// Creates a configuration.
  public init(decay: Double, warmsUp: Bool = true) {
    self.decay = decay
    self.warmsUp = warmsUp
  }

  /// The name of the variable that holds a tensor's average.
  public static func variableName(of name: String) -> String { "ema." + name }
}

/// How far a moving average goes towards a step's weights: `1 − decay`, where the decay is `min(decay, (1 + i) / (10 + i))`
/// while it warms up.
public struct MovingAverageShare: RuntimeScalar {
  /// The average.
  public var configuration: MovingAverageConfiguration

  /// Creates the scalar.
  public init(_ configuration: MovingAverageConfiguration) { self.configuration = configuration }

  public var name: String { "ema_share" }
  public var summary: String { "the share of a step's weights in their moving average" }

  public func value(at position: StepPosition) -> Double {
    let share = 1 - configuration.decay
    return configuration.warmsUp ? max(share, 9 / Double(10 + position.step)) : share
  }
}
