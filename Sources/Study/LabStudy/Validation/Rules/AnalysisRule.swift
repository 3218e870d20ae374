import LabCore
import LabRecords

/// The analysis is about a metric that runs end with and of which better is known, and its smallest effect is one of it.
struct AnalysisRule: SpecRule {
  /// A smallest effect in points below which a share was probably meant.
  private static let smallestPoints = 0.02

  func issues(in context: SpecContext) -> [SpecIssue] {
    let root = context.draft.root
    guard let analysis = context.draft.analysis else { return [] }
    let resolution = AnalysisPlan.schema.resolve(analysis, at: "analysis")
    var issues = resolution.issues.located(in: root)
    guard let name = analysis["metric"]?.stringValue else { return issues }
    // A program says itself which of its metrics are better.
    if let own = root["program"]?["metrics"]?[name]?["better"]?.string, own != "neutral" { return issues }
    guard let metric = AnalysisPlan.metricName(name) else {
      let names = AnalysisPlan.metricNames
      let expected = "the name of a metric of which better is known, such as test_accuracy or test_macro_f1"
      issues.append(
        SpecIssue(
          at: root.location(of: "analysis.metric"), keyPath: "analysis.metric",
          message: "expected \(expected), found the string \"\(name)\"", found: "the string \"\(name)\"",
          expected: expected,
          suggestion: NearestName.suggestion(for: name, among: names)
            ?? NearestName.suggestion(for: "test_" + name, among: names)))
      return issues
    }
    if let effect = analysis["smallest_effect"]?.doubleValue, effect > 0,
      MetricCatalog.metric(named: metric.base)?.unit == .percent
    {
      issues += issue(effect, of: metric, at: root.location(of: "analysis.smallest_effect")).map { [$0] } ?? []
    }
    return issues
  }

  /// What is odd about a smallest effect in points.
  private func issue(_ effect: Double, of metric: MetricName, at location: SourceLocation) -> SpecIssue? {
    let text = JSONValue.number(effect).canonicalText
    if effect >= 100 {
      return SpecIssue(
        at: location, keyPath: "analysis.smallest_effect",
        message: "expected points of \(metric), a number below 100, found \(text)", found: text,
        expected: "a number below 100")
    }
    guard effect < AnalysisRule.smallestPoints else { return nil }
    let points = JSONValue.number(effect * 100).canonicalText
    return SpecIssue(
      .warning, at: location, keyPath: "analysis.smallest_effect",
      message: "is \(text) points of \(metric), which hardly any study can tell from nothing; effects of shares are in "
        + "points, so that \(points) would be \(points) points", found: text)
  }

  /// The plan that a section without issues means.
  static func plan(_ section: JSONValue) -> AnalysisPlan? {
    guard var plan: AnalysisPlan = try? AnalysisPlan.schema.resolve(section).value.decode() else { return nil }
    if let metric = AnalysisPlan.metricName(plan.metric) { plan.metric = metric.key }
    return plan
  }
}
