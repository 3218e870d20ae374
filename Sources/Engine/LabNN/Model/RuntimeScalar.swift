import LabCore
import LabGraph

/// A number that a graph reads in every step and that follows from the position in the run: a learning rate, a
/// temperature, a bias correction.
///
/// Graphs list the scalars that they need, so that a training loop fills them without knowing what they are for.
public protocol RuntimeScalar: Hashable, Sendable {
  /// The name of the graph's input.
  var name: String { get }

  /// What the number is, in one sentence.
  var summary: String { get }

  /// The number at a position, computed in double precision.
  func value(at position: StepPosition) -> Double
}

/// Where in a run a training step stands.
public struct StepPosition: Hashable, Sendable, Codable {
  /// The number of steps before this one, from the start of the run.
  public var step: Int
  /// The number of steps of one epoch.
  public var stepsPerEpoch: Int
  /// The number of steps of the whole run.
  public var totalSteps: Int

  private enum CodingKeys: String, CodingKey {
    case step
    case stepsPerEpoch = "steps_per_epoch"
    case totalSteps = "total_steps"
  }

  /// Creates a position.
  public init(step: Int, stepsPerEpoch: Int, totalSteps: Int) {
    self.step = step
    self.stepsPerEpoch = stepsPerEpoch
    self.totalSteps = totalSteps
  }

  /// The number of epochs before this one.
  public var epoch: Int { stepsPerEpoch > 0 ? step / stepsPerEpoch : 0 }

  /// The same run at another step.
  public func at(step: Int) -> StepPosition {
    StepPosition(step: step, stepsPerEpoch: stepsPerEpoch, totalSteps: totalSteps)
  }
}

extension Executable {
  /// Writes the scalars of a position into their inputs.
  ///
  /// - Throws: ``LabGraph/GraphError/name(subject:problem:)`` where the graph has no such input.
  public func fill(_ scalars: [any RuntimeScalar], at position: StepPosition) throws {
    for scalar in scalars {
      if scalar is StepNumber {
        try integerInput(scalar.name)[0] = Int32(truncatingIfNeeded: position.step)
      } else {
        try set(scalar.name, Float(scalar.value(at: position)))
      }
    }
  }
}

/// The number of the step, from which dropout draws its masks; the only integer among the scalars.
public struct StepNumber: RuntimeScalar {
  /// Creates the scalar.
  public init() {}

  public var name: String { "step" }
  public var summary: String { "the number of steps before this one (int32)" }
  public func value(at position: StepPosition) -> Double { Double(position.step) }
}
