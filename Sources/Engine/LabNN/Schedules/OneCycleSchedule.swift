import Foundation
import LabCore

/// A rise from a small learning rate to the configured one and a long descent to almost nothing.
///
/// The numbers are those of PyTorch's `OneCycleLR`.
///
/// Momentum stays as it is (PyTorch: `cycle_momentum=False`).
///
/// - Source: Smith, Topin, "Super-convergence", 2018, arXiv 1708.07120.
public struct OneCycleSchedule: LearningRateSchedule {
  /// The shape of rise and descent.
  public enum Annealing: String, Codable, Sendable, CaseIterable {
    case cosine, linear
  }

  /// The share of the steps that the rise takes.
  public var riseFraction: Double
  /// The configured learning rate divided by the first one.
  public var initialDivisor: Double
  /// The first learning rate divided by the last one.
  public var finalDivisor: Double
  /// The shape of rise and descent.
  public var annealing: Annealing

  /// Creates the schedule.
  public init(
    riseFraction: Double, initialDivisor: Double = 25, finalDivisor: Double = 1e4, annealing: Annealing = .cosine
  ) {
    self.riseFraction = riseFraction
    self.initialDivisor = initialDivisor
    self.finalDivisor = finalDivisor
    self.annealing = annealing
  }

  /// Creates the schedule with PyTorch's defaults.
  public init() { self.init(riseFraction: 0.3) }

  enum CodingKeys: String, CodingKey {
    case riseFraction = "rise_fraction"
    case initialDivisor = "initial_divisor"
    case finalDivisor = "final_divisor"
    case annealing
  }

  public static let variant = ConfigurationSchema.Variant(
    "one-cycle", "A rise to the learning rate and a long descent to almost nothing.",
    options: ConfigurationSchema([
      .init(
        "rise_fraction", .number(.unit), default: .number(Self().riseFraction),
        "The share of the steps that the rise takes (PyTorch: pct_start)."),
      .init(
        "initial_divisor", .number(.positive), default: .number(Self().initialDivisor),
        "The learning rate divided by the first step's (PyTorch: div_factor)."),
      .init(
        "final_divisor", .number(.positive), default: .number(Self().finalDivisor),
        "The first step's learning rate divided by the last one's (PyTorch: final_div_factor)."),
      .init(
        "annealing", .choice(Annealing.allCases.map(\.rawValue)), default: .string(Self().annealing.rawValue),
        "The shape of rise and descent."),
    ]))

  public var startsAfterWarmup: Bool { true }

  public func factor(step: Int, totalSteps: Int, stepsPerEpoch: Int) -> Double {
    let last = Double(max(totalSteps - 1, 0))
    let step = min(Double(step), last)
    let first = 1 / initialDivisor
    let peak = riseFraction * Double(totalSteps) - 1
    if step <= peak { return interpolate(from: first, to: 1, at: peak > 0 ? step / peak : 1) }
    return interpolate(from: 1, to: first / finalDivisor, at: last > peak ? (step - peak) / (last - peak) : 1)
  }

  private func interpolate(from start: Double, to end: Double, at progress: Double) -> Double {
    switch annealing {
    case .linear: start + (end - start) * progress
    case .cosine: end + (start - end) / 2 * (1 + cos(.pi * progress))
    }
  }
}
