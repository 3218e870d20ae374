import Foundation

/// A scale of numbers along a side of a plot, with round numbers marked.
public struct Axis: Sendable {
  /// How numbers are written.
  public enum Format: Sendable {
    case number
    /// With a sign before positive ones.
    case signed
    /// Without fractions between marks.
    case whole
    /// With k, M, G or T.
    case count
    case bytes
    case seconds
  }

  /// A marked number.
  public struct Tick: Sendable, Hashable {
    public let value: Double
    public let label: String
  }

  /// The numbers at both ends.
  public private(set) var lower: Double
  public private(set) var upper: Double
  /// Whether equal distances are equal factors.
  public let isLogarithmic: Bool
  /// The pixels from one end to the other.
  public let length: Double
  /// The marked numbers, from the lowest.
  public private(set) var ticks = [Tick]()

  /// Creates a scale that holds numbers.
  ///
  /// - Parameters:
  ///   - values: the numbers; what is not finite is passed over, on a logarithmic scale what is not positive too.
  ///   - length: the pixels from one end to the other.
  ///   - isVertical: whether labels stand above each other rather than side by side.
  ///   - isLogarithmic: whether equal distances are equal factors; it is not where no number is positive.
  ///   - format: how numbers are written.
  ///   - limits: what the scale never goes beyond, such as 0 to 1 for shares.
  ///   - padding: the part of the range that is added at both ends.
  public init(
    _ values: [Double], length: Double, isVertical: Bool = false, isLogarithmic: Bool = false,
    format: Format = .number, limits: ClosedRange<Double>? = nil, padding: Double = 0.04
  ) {
    // Beyond these magnitudes, differences and steps would not be numbers.
    let known = values.filter(\.isFinite).map { abs($0) < 1e-290 ? 0 : min(1e300, max(-1e300, $0)) }
    let positive = known.filter { $0 > 0 }
    self.length = max(1, length)
    self.isLogarithmic = isLogarithmic && !positive.isEmpty
    let used = self.isLogarithmic ? positive.map { log10($0) } : known
    (lower, upper) = Axis.range(of: used, padding: padding, keepsZero: !self.isLogarithmic)
    if self.isLogarithmic { (lower, upper) = (max(-300, lower), min(307, upper)) }
    if let limits, !self.isLogarithmic {
      lower = max(lower, limits.lowerBound)
      upper = min(upper, limits.upperBound)
      if !(lower < upper) { (lower, upper) = (limits.lowerBound, limits.upperBound) }
    }
    ticks = self.isLogarithmic ? powers(format, isVertical: isVertical) : steps(format, isVertical: isVertical)
    if self.isLogarithmic { (lower, upper) = (pow(10, lower), pow(10, upper)) }
  }

  /// The distance of a number from the lower end in pixels; never beyond the ends.
  public func position(_ value: Double) -> Double {
    guard value.isFinite else { return .nan }
    let share: Double
    if isLogarithmic {
      guard value > 0 else { return 0 }
      share = (log10(value) - log10(lower)) / (log10(upper) - log10(lower))
    } else {
      // Halves do not overflow.
      share = (value / 2 - lower / 2) / (upper / 2 - lower / 2)
    }
    return min(1, max(0, share)) * length
  }

  /// The ends of a scale that holds numbers, with room around equal ones.
  private static func range(of values: [Double], padding: Double, keepsZero: Bool) -> (Double, Double) {
    guard var lower = values.min(), var upper = values.max() else { return (0, 1) }
    let magnitude = max(abs(lower), abs(upper))
    if upper / 2 - lower / 2 <= 1e-10 * magnitude {
      let room = magnitude == 0 ? 1 : magnitude * 0.05
      return (lower - room, upper + room)
    }
    let room = (upper / 2 - lower / 2) * 2 * padding
    // A scale that begins at nothing goes on beginning there.
    if lower != 0 || !keepsZero { lower -= room }
    if upper != 0 || !keepsZero { upper += room }
    return (lower, upper)
  }

  // MARK: Marks

  /// Multiples of 1, 2 or 5 times a power of ten, as many as have room.
  private func steps(_ format: Format, isVertical: Bool) -> [Tick] {
    let half = upper / 2 - lower / 2
    var exponent = Int(floor(log10(half))) - 2
    var best = [Tick]()
    search: for _ in 0..<5 {
      for factor in [1.0, 2, 5] {
        let step = factor * pow(10, Double(exponent))
        guard step > 0, half / step < 60, format != .whole || step >= 1 else { continue }
        let ticks = multiples(of: step, exponent: exponent, format)
        // A first or only mark is better than none.
        if best.isEmpty || (!ticks.isEmpty && fits(ticks, isVertical: isVertical)) { best = ticks }
        if fits(ticks, isVertical: isVertical), ticks.count > 1 { break search }
      }
      exponent += 1
    }
    return fits(best, isVertical: isVertical) ? best : Array(best.prefix(1))
  }

  private func multiples(of step: Double, exponent: Int, _ format: Format) -> [Tick] {
    let tolerance = 1e-9
    let first = ceil(lower / step - tolerance)
    let last = floor(upper / step + tolerance)
    guard first <= last, last - first < 130 else { return [] }
    return (0...Int(last - first)).map { index in
      // Through text, 3 · 0.1 is 0.3.
      let exact = (first + Double(index)) * step
      let value = abs(exact) < step / 2 ? 0 : exact
      return Tick(
        value: value, label: Axis.label(value, exponent: exponent, magnitude: max(abs(lower), abs(upper)), format))
    }
  }

  /// Powers of ten, also 2 and 5 times these where there is room, or fewer where there is less.
  private func powers(_ format: Format, isVertical: Bool) -> [Tick] {
    let (first, last) = (Int(floor(lower)), Int(ceil(upper)))
    func ticks(_ factors: [Double], every stride: Int) -> [Tick] {
      Swift.stride(from: first - (first % stride + stride) % stride, through: last, by: stride).flatMap { exponent in
        factors.compactMap { factor -> Tick? in
          let place = Double(exponent) + log10(factor)
          guard place >= lower - 1e-9, place <= upper + 1e-9 else { return nil }
          let value = factor * pow(10, Double(exponent))
          return Tick(value: value, label: Axis.label(value, exponent: exponent, magnitude: value, format))
        }
      }
    }
    if upper - lower < 0.8 {
      // Within less than a power of ten, marks at equal distances tell more.
      let plain = Axis(
        [pow(10, lower), pow(10, upper)], length: length, isVertical: isVertical, format: format, padding: 0)
      for stride in 1...10 {
        let some = plain.ticks.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
        if logFits(some, isVertical: isVertical) { return some }
      }
      return Array(plain.ticks.prefix(1))
    }
    var choices = [ticks([1, 2, 5], every: 1), ticks([1, 3], every: 1)]
    choices += [1, 2, 3, 5, 10, 20, 50, 100, 200].map { ticks([1], every: $0) }
    return choices.first { !$0.isEmpty && logFits($0, isVertical: isVertical) } ?? []
  }

  private func logFits(_ ticks: [Tick], isVertical: Bool) -> Bool {
    Axis.fits(ticks, isVertical: isVertical) { (log10($0) - lower) / (upper - lower) * length }
  }

  private func fits(_ ticks: [Tick], isVertical: Bool) -> Bool {
    Axis.fits(ticks, isVertical: isVertical) { ($0 / 2 - lower / 2) / (upper / 2 - lower / 2) * length }
  }

  private static func fits(_ ticks: [Tick], isVertical: Bool, place: (Double) -> Double) -> Bool {
    zip(ticks, ticks.dropFirst()).allSatisfy { first, second in
      let widths = [first, second].map { TextMeasure.width(of: $0.label, size: labelSize) }
      let needed = isVertical ? 2.6 * labelSize : max(44, (widths[0] + widths[1]) / 2 + 12)
      return place(second.value) - place(first.value) >= needed
    }
  }

  /// The font's size of the marks' labels in pixels.
  static let labelSize = 11.0

  private static func label(_ value: Double, exponent: Int, magnitude: Double, _ format: Format) -> String {
    switch format {
    case .count where abs(value) >= 1000 && abs(value) < 1e17:
      return scaled(value, exponent, ["", "k", "M", "G", "T", "P"])
    case .bytes where abs(value) >= 1000 && abs(value) < 1e17:
      return scaled(value, exponent, ["B", "kB", "MB", "GB", "TB", "PB"])
    default: break
    }
    let sign = format == .signed && value > 0 ? "+" : ""
    if value != 0, magnitude >= 1e7 || exponent < -5 {
      let digits = max(1, min(15, Int(floor(log10(abs(value)))) - exponent + 1))
      return sign
        + Printf.text("%.\(digits - 1)e", value).replacing("e+0", with: "e").replacing("e+", with: "e")
        .replacing("e-0", with: "e-").replacing("-", with: "−")
    }
    return sign + NumberText.fixed(value, decimals: max(0, -exponent))
  }

  private static func scaled(_ value: Double, _ exponent: Int, _ units: [String]) -> String {
    var (value, unit) = (value, 0)
    while abs(value) >= 999.999999, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    var text = NumberText.fixed(value, decimals: max(0, min(15, 3 * unit - exponent)))
    if text.contains(".") {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return text + " " + units[unit]
  }
}
