import Foundation
import LabCore

/// Half a cosine from the learning rate down to a share of it.
///
/// - Source: Loshchilov, Hutter, "SGDR", ICLR 2017, arXiv 1608.03983, without restarts.
public struct CosineSchedule: LearningRateSchedule {
  /// How often the rate changes.
  public enum Interval: String, Codable, Sendable, CaseIterable {
    case step, epoch
  }

  /// The share of the learning rate that the course ends at.
  public var finalFactor: Double
  /// How often the rate changes.
  public var interval: Interval

  /// Creates the schedule.
  public init(finalFactor: Double, interval: Interval = .step) {
    self.finalFactor = finalFactor
    self.interval = interval
  }

  /// Creates the schedule that ends at 0 and changes with every step.
  public init() { self.init(finalFactor: 0) }

  enum CodingKeys: String, CodingKey {
    case finalFactor = "final_factor"
    case interval
  }

  public static let variant = ConfigurationSchema.Variant(
    "cosine", "Half a cosine from the learning rate down to a share of it.",
    options: ConfigurationSchema([
      .init(
        "final_factor", .number(.unit), default: .number(Self().finalFactor),
        "The share of the learning rate that the course ends at."),
      .init(
        "interval", .choice(Interval.allCases.map(\.rawValue)), default: .string(Self().interval.rawValue),
        "How often the rate changes."),
    ]))

  public var startsAfterWarmup: Bool { true }

  public func factor(step: Int, totalSteps: Int, stepsPerEpoch: Int) -> Double {
    guard totalSteps > 0 else { return 1 }
    var progress = Double(min(step, totalSteps)) / Double(totalSteps)
    if interval == .epoch, stepsPerEpoch > 0 {
      let epochs = (totalSteps + stepsPerEpoch - 1) / stepsPerEpoch
      progress = Double(min(step / stepsPerEpoch, epochs)) / Double(epochs)
    }
    return finalFactor + (1 - finalFactor) * (1 + cos(.pi * progress)) / 2
  }
}
