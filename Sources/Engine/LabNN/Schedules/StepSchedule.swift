import Foundation
import LabCore

/// A learning rate that drops by a factor after given epochs.
///
/// Without milestones it drops at half and at three quarters of the run, as for CIFAR in the ResNet paper.
public struct StepSchedule: LearningRateSchedule {
  /// The epochs, not necessarily whole, after which the rate drops; nil for half and three quarters of the run.
  public var milestones: [Double]?
  /// The number of epochs between drops; nil where the milestones say when.
  public var everyEpochs: Double?
  /// The factor of a drop.
  public var gamma: Double

  /// Creates the schedule.
  public init(milestones: [Double]? = nil, everyEpochs: Double? = nil, gamma: Double) {
    self.milestones = milestones
    self.everyEpochs = everyEpochs
    self.gamma = gamma
  }

  /// Creates the schedule with drops by a factor of 10.
  public init() { self.init(gamma: 0.1) }

  enum CodingKeys: String, CodingKey {
    case milestones, gamma
    case everyEpochs = "every_epochs"
  }

  public static let variant = ConfigurationSchema.Variant(
    "step", "A learning rate that drops by a factor after given epochs.",
    options: ConfigurationSchema([
      .init(
        "milestones", .optional(.array(.number(.nonNegative))), default: .null,
        "The epochs after which the rate drops; null for half and three quarters of the run."),
      .init(
        "every_epochs", .optional(.number(.positive)), default: .null,
        "The number of epochs between drops, instead of milestones."),
      .init("gamma", .number(.positive), default: .number(Self().gamma), "The factor of a drop."),
    ]))

  public var startsAfterWarmup: Bool { false }

  public func factor(step: Int, totalSteps: Int, stepsPerEpoch: Int) -> Double {
    let step = min(step, max(totalSteps - 1, 0))
    var drops = 0
    if let milestones {
      drops = milestones.count { step >= Int(($0 * Double(stepsPerEpoch)).rounded()) }
    } else if everyEpochs == nil {
      drops = [0.5, 0.75].count { step >= Int((Double(totalSteps) * $0).rounded()) }
    }
    if let everyEpochs {
      // A hair is added so that whole epochs are not lost to rounding.
      drops += Int(Double(step) / (everyEpochs * Double(stepsPerEpoch)) + 1e-9)
    }
    return pow(gamma, Double(drops))
  }

  public func remark(epochs: Int) -> String? {
    let training = "the training has \(epochs) \(epochs == 1 ? "epoch" : "epochs")"
    let late = (milestones ?? []).filter { $0 >= Double(epochs) }
    if !late.isEmpty {
      let list = late.map { JSONValue.number($0).canonicalText }.joined(separator: ", ")
      return "the learning rate is to drop after \(late.count == 1 ? "epoch" : "epochs") \(list) and \(training), so "
        + "that it does not drop there"
    }
    guard let everyEpochs, everyEpochs >= Double(epochs) else { return nil }
    return
      "the learning rate is to drop every \(JSONValue.number(everyEpochs).canonicalText) epochs and \(training), so "
      + "that it never drops"
  }
}
