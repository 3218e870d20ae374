/// What a table has to know of a metric: its title, its unit and which way is better.
public struct MetricDescription: Sendable, Hashable {
  /// Which values are the better ones.
  public enum Direction: String, Sendable, Hashable {
    case higherIsBetter = "higher"
    case lowerIsBetter = "lower"
    /// Neither, or not known; nothing is marked then.
    case neutral
  }

  /// How values are shown.
  public enum Unit: Sendable, Hashable {
    /// A share that is shown in percent.
    case percent
    /// A plain number.
    case number
    /// A time in seconds.
    case seconds
    /// A size in bytes.
    case bytes
  }

  /// The name under which runs have it, such as `test_macro_f1`.
  public let name: String
  /// The title, such as `macro F1`.
  public let title: String
  /// How values are shown.
  public let unit: Unit
  /// Which values are better.
  public let direction: Direction
  /// The split that stands before the name, such as `test`.
  let split: String?
  /// Whether it is the value of the loss function that a run was trained with, and so another function for another run.
  let isLossValue: Bool
  /// Whether it is a share of whole images.
  let isShareOfImages: Bool

  /// Describes a metric by its name.
  ///
  /// Names of splits (`test_`, `validation_`, …) may stand before those of the catalogue. An unknown metric is a
  /// plain number without a better side.
  public init(named name: String) {
    self.name = name
    let split = MetricDescription.split(of: name)
    let base = split.map { String(name.dropFirst($0.count + 1)) } ?? name
    let entry = MetricDescription.entry(base)
    // Nearly every table is about the test images, so these go without saying.
    let prefix = split.map { $0 == "test" ? "" : $0 + " " } ?? ""
    title = prefix + (entry?.title ?? base.replacing("_", with: " "))
    unit = entry?.unit ?? .number
    direction = entry?.direction ?? .neutral
    self.split = split
    isLossValue = base == "loss"
    isShareOfImages = base == "accuracy" || base == "error_rate" || entry?.title.hasPrefix("top-") ?? false
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

  /// The split in front of a metric's name, such as `test` in `test_loss`.
  private static func split(of name: String) -> String? {
    splits.first { name.hasPrefix($0 + "_") && name.count > $0.count + 1 }
  }

  private typealias Entry = (title: String, unit: Unit, direction: Direction)

  private static let splits = ["test", "train", "validation", "val", "best", "final"]

  private static let catalogue: [String: Entry] = {
    var entries: [String: Entry] = [
      "accuracy": ("accuracy", .percent, .higherIsBetter),
      "balanced_accuracy": ("balanced accuracy", .percent, .higherIsBetter),
      "precision": ("precision", .percent, .higherIsBetter),
      "recall": ("recall", .percent, .higherIsBetter),
      "f1": ("F1", .percent, .higherIsBetter),
      "error_rate": ("error rate", .percent, .lowerIsBetter),
      "ece": ("calibration error", .percent, .lowerIsBetter),
      "expected_calibration_error": ("calibration error", .percent, .lowerIsBetter),
      "loss": ("loss", .number, .lowerIsBetter),
      "log_loss": ("log loss", .number, .lowerIsBetter),
      "brier_score": ("Brier score", .number, .lowerIsBetter),
      "images_per_second": ("images/s", .number, .higherIsBetter),
      "step_seconds": ("step time", .seconds, .lowerIsBetter),
      "train_seconds": ("train time", .seconds, .lowerIsBetter),
      "evaluation_seconds": ("evaluation time", .seconds, .lowerIsBetter),
      "epoch_seconds": ("epoch time", .seconds, .lowerIsBetter),
      "step_milliseconds": ("step time ms", .number, .lowerIsBetter),
      "peak_memory_bytes": ("peak memory", .bytes, .lowerIsBetter),
      "planned_memory_bytes": ("planned memory", .bytes, .lowerIsBetter),
      "learning_rate": ("learning rate", .number, .neutral),
    ]
    for average in ["macro", "micro", "weighted"] {
      entries[average + "_precision"] = (average + " precision", .percent, .higherIsBetter)
      entries[average + "_recall"] = (average + " recall", .percent, .higherIsBetter)
      entries[average + "_f1"] = (average + " F1", .percent, .higherIsBetter)
    }
    return entries
  }()

  private static func entry(_ base: String) -> Entry? {
    if let entry = catalogue[base] { return entry }
    // top5_accuracy, top5 and the like for any k.
    let stem = base.hasSuffix("_accuracy") ? String(base.dropLast("_accuracy".count)) : base
    let digits = stem.hasPrefix("top_") ? stem.dropFirst(4) : stem.hasPrefix("top") ? stem.dropFirst(3) : ""
    guard !digits.isEmpty, digits.allSatisfy(\.isWholeNumber) else { return nil }
    return ("top-\(digits) accuracy", .percent, .higherIsBetter)
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

  /// The decimals that show five significant digits of the largest of some values; two for percent.
  func decimals(for values: some Sequence<Double>) -> Int {
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

  /// The metrics of a table.
  ///
  /// - Parameters:
  ///   - requested: names, with or without `test_` before them; nil for the default ones.
  ///   - available: the names that the runs have; where there are none yet, the catalogue decides.
  /// - Throws: ``ReportError/unknownMetric(_:available:)``.
  static func select(
    _ requested: [String]?, available: Set<String>
  ) throws(ReportError) -> [MetricDescription] {
    guard let requested, !requested.isEmpty else {
      let present = defaultNames.filter { available.contains($0) }
      return (present.isEmpty ? defaultNames : present).map(MetricDescription.init(named:))
    }
    var selected = [MetricDescription]()
    for name in requested {
      let full = split(of: name) == nil ? "test_" + name : name
      let found =
        available.isEmpty
        ? (MetricDescription(named: full).direction == .neutral ? nil : full)
        : [name, full].first(where: available.contains)
      guard let found else {
        throw .unknownMetric(name, available: available.isEmpty ? defaultNames : available.sorted())
      }
      let metric = MetricDescription(named: found)
      if !selected.contains(metric) { selected.append(metric) }
    }
    return selected
  }
}
