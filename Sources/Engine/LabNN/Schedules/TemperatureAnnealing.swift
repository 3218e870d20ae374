import Foundation
import LabCore

/// The temperature of a dynamic convolution's attentions: a descent to 1, or another temperature, over the first epochs,
/// which keeps the attentions of untrained layers near uniform.
///
/// `T = T₁ + (T₀ − T₁) · r` in step `i`, with `r = max(0, N − i) / N` for the papers' linear course and
/// `r = (1 + cos(π · min(i, N) / N)) / 2` for half a cosine, and with the steps `N` of the first epochs, or a share of
/// the whole training's.
///
/// - Source: Chen et al., "Dynamic convolution", CVPR 2020, arXiv 1912.03458; Li, Zhou, Yao, ICLR 2022,
///   arXiv 2209.07947.
public struct TemperatureAnnealing: RuntimeScalar {
  /// The temperature of the first step.
  public var initial: Double
  /// The length of the descent.
  public var length: Length
  /// The temperature behind the descent.
  public var target = 1.0
  /// The shape of the descent.
  public var course = Course.linear

  /// The shape of a descent.
  public enum Course: String, Hashable, Sendable, Codable, CaseIterable {
    /// A straight line.
    case linear
    /// Half a cosine.
    case cosine
  }

  /// How long a descent takes.
  public enum Length: Hashable, Sendable {
    /// A number of epochs, not necessarily whole, whatever the length of the training.
    case epochs(Double)
    /// A share of the training's steps.
    case share(Double)
  }

  /// Creates the scalar; the papers' 30 unless given.
  public init(initial: Double = 30, length: Length) {
    self.initial = initial
    self.length = length
  }

  /// Creates the scalar; the papers' 30 and 10 epochs unless given.
  public init(initial: Double = 30, epochs: Double = 10) { self.init(initial: initial, length: .epochs(epochs)) }

  /// The temperature where it is the same throughout; nil where it falls.
  public var constant: Double? {
    initial == target || length == .epochs(0) || length == .share(0) ? target : nil
  }

  /// Whether the temperature is 1 throughout, so that no graph needs to divide by it.
  public var isAlwaysOne: Bool { constant == 1 }

  /// The steps of the descent in a run.
  private func descentSteps(_ position: StepPosition) -> Double {
    switch length {
    case .epochs(let count): count * Double(position.stepsPerEpoch)
    case .share(let share): share * Double(position.totalSteps)
    }
  }

  public var name: String { "temperature" }
  public var summary: String { "the temperature of dynamic convolutions' attentions" }

  public func value(at position: StepPosition) -> Double {
    let length = descentSteps(position)
    guard length > 0 else { return target }
    let rest = max(0, length - Double(position.step))
    switch course {
    case .linear: return target + (initial - target) * rest / length
    case .cosine: return target + (initial - target) * (1 - cos(.pi * rest / length)) / 2
    }
  }
}

extension TemperatureAnnealing {
  /// What the temperature does in a training, in one clause.
  ///
  /// - Parameter end: the position behind the training's last step.
  public func summary(until end: StepPosition) -> String {
    let course = "the attentions' temperature falls from \(initial.brief) to "
    return descentSteps(end) <= Double(end.step)
      ? course + "\(target.brief) in the first \(length(end))"
      : course + "\(value(at: end).brief) by the end of the training (to \(target.brief) in \(length(end)))"
  }

  /// What is odd about the descent beside the length of a training; nil where both go together.
  ///
  /// Thresholds: the temperature has not yet reached its target at the end, or the descent takes at least four fifths of
  /// the steps.
  ///
  /// - Parameter end: the position behind the training's last step.
  public func remark(until end: StepPosition) -> String? {
    let steps = descentSteps(end)
    guard constant == nil, steps > 0, end.step > 0 else { return nil }
    let training = "the training has \(Self.epochs(end.step, end))"
    let course =
      "the attentions' temperature falls from \(initial.brief) to \(target.brief) in \(length(end)) and \(training)"
    if steps > Double(end.step) {
      return course + ", so that it ends at \(value(at: end).brief) and the attentions stay near uniform"
    }
    guard steps >= 0.8 * Double(end.step) else { return nil }
    return course + ", so that weights and running statistics have hardly any time to follow it"
  }

  private func length(_ end: StepPosition) -> String { Self.epochs(descentSteps(end), end) }

  private static func epochs(_ steps: Int, _ end: StepPosition) -> String { epochs(Double(steps), end) }

  private static func epochs(_ steps: Double, _ end: StepPosition) -> String {
    let epochs = steps / Double(max(end.stepsPerEpoch, 1))
    return "\(epochs.brief) \(epochs == 1 ? "epoch" : "epochs")"
  }
}

extension Double {
  /// The number in at most three digits, as sentences have it.
  fileprivate var brief: String {
    let rounded = String(format: "%.3g", locale: Locale(identifier: "en_US_POSIX"), self)
    return abs(self) < 1000 ? rounded : String(Int(self.rounded()))
  }
}
