import LabCore

/// The same learning rate throughout.
public struct ConstantSchedule: LearningRateSchedule {
  /// Creates the schedule.
  public init() {}

  public static let variant = ConfigurationSchema.Variant("constant", "The same learning rate throughout.")

  public var startsAfterWarmup: Bool { false }

  public func factor(step: Int, totalSteps: Int, stepsPerEpoch: Int) -> Double { 1 }
}
