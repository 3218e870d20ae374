import Foundation
import LabRecords

/// What a table has to know of a metric: its title, its unit and which way is better.
public struct MetricDescription: Sendable, Hashable {
  /// The name under which runs have it, such as `test_macro_f1`.
  public let name: String
  /// The title, such as `macro F1`.
  public let title: String
  /// How values are shown.
  public let unit: Metric.Unit
  /// Which values are better.
  public let direction: Metric.Direction
  /// The decimals that are shown; nil leaves it to the unit and the values.
  let decimals: Int?
  /// The split that stands before the name, such as `test`.
  let split: String?
  /// Whether it is the value of the loss function that a run was trained with, and so another function for another run.
  let isLossValue: Bool
  /// Whether it is a share of whole images.
  let isShareOfImages: Bool

  /// Describes a metric by its name.
  ///
  /// Names of splits (`test_`, `validation_`, …) may stand before those of the catalog. An unknown metric is a plain
  /// number without a better side.
  ///
  /// - Parameters:
  ///   - name: the name.
  ///   - directions: which values are better of metrics that the catalog does not know.
  public init(named name: String, directions: [String: Metric.Direction] = [:]) {
    var own = OwnMetrics.none
    own.directions = directions
    self.init(named: name, own: own)
  }

  /// Describes a metric by its name.
  ///
  /// - Parameters:
  ///   - name: the name.
  ///   - own: what its sweep says of it.
  init(named name: String, own: OwnMetrics) {
    self.name = name
    let parts = MetricName(name)
    split = parts.split
    let base = parts.base
    let metric = MetricCatalog.metric(named: base)
    // Nearly every table is about the test images, so these go without saying.
    let prefix = split.map { $0 == "test" ? "" : $0 + " " } ?? ""
    title = prefix + (metric?.title ?? base.replacing("_", with: " "))
    unit = metric?.unit ?? (own.shares.contains(name) ? .percent : .number)
    direction = metric?.direction ?? own.directions[name] ?? own.directions[base] ?? .neutral
    decimals = metric?.decimals
    isLossValue = base == "loss"
    isShareOfImages = metric?.isShareOfImages ?? false
  }

  /// The title with its unit, where that is not part of each value.
  public var titleWithUnit: String { unit == .percent ? title + " %" : title }

  /// Whether one mean is better than another; never for a metric without a better side.
  func isBetter(_ value: Double, than other: Double) -> Bool {
    switch direction {
    case .higherIsBetter: value > other
    case .lowerIsBetter: value < other
    case .neutral: false
    }
  }

  /// The metrics that tables show unless others are asked for.
  public static let defaultNames = ["test_accuracy", "test_macro_f1"]
}

extension Sweep {
  /// The metric of a name.
  func metric(named name: String) -> MetricDescription {
    MetricDescription(named: name, own: ownMetrics)
  }

  /// The metrics that tables show unless others are asked for.
  var defaultMetricNames: [String] { MetricDescription.defaultNames(metricNames, ownMetrics) }
}

extension MetricDescription {
  /// The metrics that tables show unless others are asked for: of runs without the usual ones, the first two of the sweep's own
  /// of which better is known.
  fileprivate static func defaultNames(_ available: Set<String>, _ own: OwnMetrics) -> [String] {
    let present = defaultNames.filter { available.contains($0) }
    guard present.isEmpty, !own.names.isEmpty else { return present.isEmpty ? defaultNames : present }
    let names = available.isEmpty ? own.names : own.names.filter(available.contains)
    let judged = names.filter {
      let metric = MetricDescription(named: $0, own: own)
      return metric.direction != .neutral && !["train_seconds", "images_per_second"].contains($0)
    }
    let chosen = judged.isEmpty ? names : judged
    return chosen.isEmpty ? defaultNames : Array(chosen.prefix(2))
  }
}

extension MetricDescription {
  /// A value of the metric with its unit where that is not in the title.
  func text(_ value: Double, decimals: Int) -> String {
    switch unit {
    case .percent: NumberText.fixed(value * 100, decimals: decimals)
    case .number: NumberText.fixed(value, decimals: decimals)
    case .seconds: NumberText.seconds(value)
    case .bytes: value.isFinite && abs(value) < 9e18 ? NumberText.bytes(Int(value)) : NumberText.missing
    }
  }

  /// The metric's own decimals, else those that show five significant digits of the largest of some values; two for percent.
  func decimals(for values: some Sequence<Double>) -> Int {
    if let decimals { return decimals }
    guard unit == .number else { return 2 }
    let largest = values.lazy.filter(\.isFinite).map(abs).max() ?? 0
    if largest >= 10_000 { return 0 }
    var decimals = 4
    var bound = 10.0
    while largest >= bound {
      decimals -= 1
      bound *= 10
    }
    // Small values, such as learning rates, keep at least three digits.
    bound = 0.01
    while largest > 0, largest < bound, decimals < 9 {
      decimals += 1
      bound /= 10
    }
    return decimals
  }

  /// The decimals that show two significant digits of differences' intervals, the same for all values of a column.
  ///
  /// They are taken of the middle one of the half widths, with one to three decimals of percent, at most six of numbers, and
  /// no more than the metric's own.
  ///
  /// - Parameters:
  ///   - halfWidths: half of the intervals' widths.
  ///   - values: the values, which decide without intervals.
  package func decimals(forHalfWidths halfWidths: [Double], values: some Sequence<Double>) -> Int {
    let usual = decimals(for: values)
    let known = halfWidths.filter { $0.isFinite && $0 > 0 }.sorted()
    guard unit == .percent || unit == .number, !known.isEmpty else { return usual }
    let middle = known[(known.count - 1) / 2] * (unit == .percent ? 100 : 1)
    // What rounds to the next power of ten has a digit less behind the point.
    let deserved = 1 - Int(floor(log10(middle * 1.005)))
    let bounds = unit == .percent ? 1...3 : 0...6
    return min(decimals ?? .max, min(bounds.upperBound, max(bounds.lowerBound, deserved)))
  }

  /// The metrics of a table.
  ///
  /// - Parameters:
  ///   - requested: names, with or without `test_` before them; nil for the default ones.
  ///   - available: the names that the runs have; where there are none yet, the catalogue decides.
  ///   - imported: where the runs come from; nil where labrun trained them.
  /// - Throws: ``ReportError/unknownMetric(_:available:)``.
  static func select(
    _ requested: [String]?, available: Set<String>, own: OwnMetrics = .none
  ) throws(ReportError) -> [MetricDescription] {
    guard let requested, !requested.isEmpty else {
      return defaultNames(available, own).map { MetricDescription(named: $0, own: own) }
    }
    var selected = [MetricDescription]()
    for name in requested {
      let full = MetricName(name).split == nil ? "test_" + name : name
      let found =
        available.isEmpty
        ? [full, name].first { MetricDescription(named: $0, own: own).direction != .neutral }
        : [name, full].first(where: available.contains)
      guard let found else {
        throw .unknownMetric(name, available: available.isEmpty ? defaultNames : available.sorted())
      }
      let metric = MetricDescription(named: found, own: own)
      if !selected.contains(metric) { selected.append(metric) }
    }
    return selected
  }
}
