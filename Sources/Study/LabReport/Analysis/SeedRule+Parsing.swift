import Foundation
import LabCore
import LabRecords

extension SeedRule {
  /// Reads a precision such as `test_accuracy ± 0.3`, where the sign may also be `+-` or `+/-`.
  ///
  /// - Parameters:
  ///   - text: a metric, of the test images where no split is named, the sign, and half the length that the widest interval
  ///     may have, in points where the metric is shown in percent and else in its unit.
  ///   - maximumSeedCount: the most seeds.
  /// - Throws: `ReportError.malformedPrecision`.
  public init(parsing text: String, maximumSeedCount: Int) throws(ReportError) {
    let signs = ["±", "+/-", "+-"]
    guard let sign = signs.lazy.compactMap({ text.firstRange(of: $0) }).first else {
      throw .malformedPrecision(text, problem: "it has no ±")
    }
    let name = text[..<sign.lowerBound].trimmingCharacters(in: .whitespaces)
    let size = text[sign.upperBound...].trimmingCharacters(in: .whitespaces)
    guard let metric = AnalysisPlan.metricName(name) else {
      let names = AnalysisPlan.metricNames
      let near =
        NearestName.suggestion(for: name, among: names) ?? NearestName.suggestion(for: "test_" + name, among: names)
      throw .malformedPrecision(
        text,
        problem: (name.isEmpty
          ? "no metric stands before the sign" : "\"\(name)\" is no metric of which better is known")
          + (near.map { " (did you mean \"\($0)\"?)" } ?? ""))
    }
    guard let halfWidth = Double(size), halfWidth.isFinite, halfWidth > 0 else {
      throw .malformedPrecision(
        text, problem: size.isEmpty ? "no number stands behind the sign" : "\"\(size)\" is no number above 0")
    }
    if MetricCatalog.metric(named: metric.base)?.unit == .percent, halfWidth >= 100 {
      throw .malformedPrecision(text, problem: "of \(metric.key) these are points, which are below 100")
    }
    self.init(metric: metric.key, halfWidth: halfWidth, maximumSeedCount: maximumSeedCount)
  }

  /// The precision, such as `± 0.3 points`.
  var sizeText: String {
    "± \(NumberText.plain(halfWidth))" + (MetricDescription(named: metric).unit == .percent ? " points" : "")
  }

  /// What the rule asks for, such as `the widest interval of test_accuracy is at most ± 0.3 points, with at most 20 seeds`.
  public var goal: String {
    "the widest interval of \(metric) is at most \(sizeText), with at most \(maximumSeedCount) seeds"
  }
}
