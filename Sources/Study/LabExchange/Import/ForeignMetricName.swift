import LabRecords

/// What labrun calls a metric of another program.
enum ForeignMetricName {
  private static let splits = [
    "val": "validation", "valid": "validation", "validation": "validation", "test": "test", "train": "train",
    "training": "train",
  ]
  private static let bases = ["acc": "accuracy", "top1": "accuracy", "f1_macro": "macro_f1"]

  /// The name by which the catalog knows a metric, such as `validation_accuracy` for `val/acc`; nil where it knows none.
  static func known(_ name: String) -> String? {
    let text = String(name.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
    let parts = text.split(separator: "_", maxSplits: 1, omittingEmptySubsequences: true).map(String.init)
    if MetricCatalog.metric(named: text) != nil { return text }
    if let base = bases[text] { return base }
    guard parts.count == 2, let split = splits[parts[0]] else { return nil }
    let base = bases[parts[1]] ?? parts[1]
    return MetricCatalog.metric(named: base) == nil ? nil : "\(split)_\(base)"
  }

  /// What the catalog knows of a metric by its whole name.
  static func metric(_ name: String) -> Metric? { MetricCatalog.metric(named: MetricName(name).base) }

  /// Whether it is the time or the speed of a training.
  static func isCost(_ name: String) -> Bool { costs.contains(name) }

  private static let costs: Set<String> = [
    "train_seconds", "evaluation_seconds", "images_per_second", "step_milliseconds", "peak_memory_bytes",
    "planned_memory_bytes",
  ]
}
