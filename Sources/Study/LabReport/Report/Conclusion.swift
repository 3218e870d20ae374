import LabRecords
import LabStats

/// What a comparison concludes, in a sentence that claims no more than its interval.
///
/// The rules: better and worse are said where the whole interval lies on one side of nothing, equivalent where it lies
/// within what does not matter, and everything else is undecided, which is no finding that there is no difference. A size
/// is said with its interval. Where a smallest effect that matters is named, the sentence says what the interval tells of
/// it, also where the direction is open.
public struct Conclusion: Sendable, Hashable {
  /// What is judged.
  public var subject: String
  /// What it is compared with.
  public var reference: String
  /// In what.
  public var metric: MetricDescription
  /// The difference, subject less reference.
  public var difference: Double
  /// The difference's interval; nil where it cannot be judged.
  public var interval: ConfidenceInterval?
  /// The smallest difference that matters, in values of the metric; nil where none is named.
  public var smallestEffect: Double?
  /// The interval with the chance of the test images; nil where that is not known.
  public var intervalWithImages: ConfidenceInterval?
  /// Why there is no interval.
  public var caveat: String?
  /// What it holds for, as it stands behind the metric, such as `on average over the other factors`.
  public var scope: String?

  /// Creates a conclusion.
  public init(
    _ subject: String, reference: String, metric: MetricDescription, difference: Double,
    interval: ConfidenceInterval?, intervalWithImages: ConfidenceInterval? = nil, smallestEffect: Double? = nil,
    caveat: String? = nil, scope: String? = nil
  ) {
    self.subject = subject
    self.reference = reference
    self.metric = metric
    self.difference = difference
    self.interval = interval
    self.intervalWithImages = intervalWithImages
    self.smallestEffect = smallestEffect
    self.caveat = caveat
    self.scope = scope
  }

  /// What the interval says, in a word.
  public var verdict: Verdict {
    guard metric.direction != .neutral else { return .undecided }
    return Verdict(
      interval: interval, smallestEffect: smallestEffect, higherIsBetter: metric.direction == .higherIsBetter)
  }

  /// Whether another draw of the test images may undo what the interval over the seeds says.
  public var holdsForTheseImagesOnly: Bool {
    ImageChance.undoes(intervalWithImages, verdict, smallestEffect: smallestEffect, metric.direction)
  }

  /// The conclusion as a sentence, with another one where it holds for these test images only.
  public var sentence: String {
    guard holdsForTheseImagesOnly, let interval = intervalWithImages else { return statement }
    return statement + " That holds for these test images only: over other images as well, it is not decided "
      + "(\(range(interval)))."
  }

  private var statement: String {
    let place = "in \(metric.proseTitle)\(scope.map { " " + $0 } ?? "")"
    guard let interval else {
      return "\(subject) cannot be told from \(reference) \(place): the difference is \(signed(difference)), and "
        + (caveat ?? "there is nothing to judge it by") + "."
    }
    switch verdict {
    case .better, .worse:
      return "\(subject) is \(verdict.rawValue) than \(reference) \(place) by \(size(interval))\(sizeEnding(interval))."
    case .equivalent:
      return "\(subject) and \(reference) are equivalent \(place): the difference, \(signed(difference)) "
        + "(\(range(interval))), is smaller than the \(effectText) that matter."
    case .undecided where metric.direction == .neutral:
      return "\(subject) differs from \(reference) \(place) by \(signed(difference)) (\(range(interval)))."
    case .undecided:
      return "Whether \(subject) is better or worse than \(reference) \(place) is undecided: the difference is "
        + "\(signed(difference)) (\(range(interval)))\(undecidedEnding(interval))."
    }
  }

  // MARK: Parts of sentences

  /// The size of a difference whose direction is known, without a sign: `5.03 points (95 % interval 3.67 to 6.39)`.
  private func size(_ interval: ConfidenceInterval) -> String {
    let isNegative = interval.upper < 0
    let ends = isNegative ? (-interval.upper, -interval.lower) : (interval.lower, interval.upper)
    let level = NumberText.percentage(interval.level)
    let range =
      ends.1.isFinite
      ? "\(level) interval \(number(ends.0)) to \(number(ends.1))"
      : "with \(level) confidence at least \(number(ends.0))"
    return "\(metric.amount(abs(difference), decimals: decimals)) (\(range))"
  }

  /// What the interval of a difference whose direction is known tells of the smallest effect.
  private func sizeEnding(_ interval: ConfidenceInterval) -> String {
    guard let smallestEffect else { return "" }
    let least = interval.lower > 0 ? interval.lower : -interval.upper
    return least >= smallestEffect
      ? ", no less than the \(effectText) that matter"
      : "; whether by as much as the \(effectText) that matter is undecided"
  }

  /// What an interval of unknown direction excludes all the same.
  private func undecidedEnding(_ interval: ConfidenceInterval) -> String {
    guard let smallestEffect else { return "" }
    let isHigherBetter = metric.direction == .higherIsBetter
    if interval.lower > -smallestEffect {
      return "; that it is \(isHigherBetter ? "worse" : "better") by the \(effectText) that matter is excluded"
    }
    if interval.upper < smallestEffect {
      return "; that it is \(isHigherBetter ? "better" : "worse") by the \(effectText) that matter is excluded"
    }
    return ""
  }

  private var effectText: String { metric.amount(smallestEffect ?? 0, decimals: nil) }

  private func range(_ interval: ConfidenceInterval) -> String {
    let level = NumberText.percentage(interval.level)
    switch (interval.lower.isFinite, interval.upper.isFinite) {
    case (true, true):
      return "\(level) interval \(number(interval.lower, signed: true)) to \(number(interval.upper, signed: true))"
    case (true, false): return "with \(level) confidence at least \(number(interval.lower, signed: true))"
    case (false, true): return "with \(level) confidence at most \(number(interval.upper, signed: true))"
    case (false, false): return "no interval"
    }
  }

  private func signed(_ value: Double) -> String { metric.amount(value, decimals: decimals, signed: true) }

  private func number(_ value: Double, signed: Bool = false) -> String {
    metric.bareAmount(value, decimals: decimals, signed: signed)
  }

  /// As many decimals as it takes that rounded ends say the same as the ends do.
  private var decimals: Int {
    let least = metric.differenceDecimals(for: [difference])
    guard let interval else { return least }
    let others = holdsForTheseImagesOnly ? intervalWithImages : nil
    let ends = [interval, others].compactMap { $0 }.flatMap { [$0.lower, $0.upper] }
    let bounds = [0] + (smallestEffect.map { [$0, -$0] } ?? [])
    let scale = metric.unit == .percent ? 100.0 : 1
    return (least...least + 6).first { decimals in
      let step = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
      return ends.filter(\.isFinite).allSatisfy { end in
        bounds.allSatisfy { bound in
          let (a, b) = (end * scale, bound * scale)
          let rounded = (a * step).rounded() / step
          return (a < b) == (rounded < b) && (a > b) == (rounded > b)
        }
      }
    } ?? least + 6
  }
}

extension MetricDescription {
  /// The title as a sentence has it, with its split.
  var proseTitle: String { split == "test" ? "test \(title)" : title }

  /// The decimals of differences.
  func differenceDecimals(for values: [Double]) -> Int {
    unit == .percent ? decimals(for: values) : max(3, decimals(for: values))
  }

  /// A difference with its unit, such as `5.03 points`.
  ///
  /// - Parameter decimals: the digits after the point; nil for as many as the number has.
  func amount(_ value: Double, decimals: Int?, signed: Bool = false) -> String {
    let text = bareAmount(value, decimals: decimals, signed: signed)
    return unit == .percent ? text + (text == "1" ? " point" : " points") : text
  }

  /// A difference without its unit where a sentence has said it before.
  func bareAmount(_ value: Double, decimals: Int?, signed: Bool = false) -> String {
    let sign = signed && value > 0 ? "+" : ""
    switch unit {
    case .percent, .number:
      let shown = unit == .percent ? value * 100 : value
      return decimals.map { NumberText.fixed(shown, decimals: $0, signed: signed) } ?? sign + NumberText.shortest(shown)
    case .seconds: return sign + NumberText.seconds(value)
    case .bytes:
      return abs(value) < 9e18
        ? (value < 0 ? "−" : sign) + NumberText.bytes(Int(abs(value))) : NumberText.missing
    }
  }
}

extension NumberText {
  /// A number in as few digits as tell it apart from others near it, at most nine, such as `0.5`.
  static func shortest(_ value: Double) -> String {
    guard value.isFinite else { return missing }
    for decimals in 0...9 {
      let step = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
      if abs((value * step).rounded() / step - value) <= 1e-9 * max(1, abs(value)) {
        return fixed(value, decimals: decimals)
      }
    }
    return significant(value, digits: 3)
  }
}
