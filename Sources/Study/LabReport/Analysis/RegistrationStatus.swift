import LabRecords

/// How what is concluded from stands to what was registered before there were results.
public enum RegistrationStatus: Sendable, Hashable {
  /// Nothing was registered.
  case exploratory
  /// The analysis is the registered one.
  case asRegistered(afterResults: Int)
  /// The registered analysis was changed when there were results.
  case changed(earlier: AnalysisPlan, afterResults: Int)
  /// The registration was taken back when there were results.
  case withdrawn(afterResults: Int)

  /// What became of a sweep's registrations.
  ///
  /// - Parameter registrations: the first one first.
  init(_ registrations: [AnalysisRegistration]) {
    guard let last = registrations.last else {
      self = .exploratory
      return
    }
    guard let plan = last.plan else {
      self = last.completedRuns == 0 ? .exploratory : .withdrawn(afterResults: last.completedRuns)
      return
    }
    // What was changed before the first result was never anything else.
    let earlier = registrations.dropLast().last { $0.plan != nil && $0.plan != plan }?.plan
    self =
      if last.completedRuns > 0, let earlier {
        .changed(earlier: earlier, afterResults: last.completedRuns)
      } else {
        .asRegistered(afterResults: last.completedRuns)
      }
  }

  /// The status as formats for programs have it.
  var name: String {
    switch self {
    case .exploratory: "exploratory"
    case .asRegistered(0): "as_registered"
    case .asRegistered: "registered_late"
    case .changed: "changed"
    case .withdrawn: "withdrawn"
    }
  }

  /// The status as a sentence.
  ///
  /// - Parameters:
  ///   - plan: the registered plan.
  ///   - deviations: what the analysis at hand does otherwise, such as `the metric test_accuracy`.
  func sentence(_ plan: AnalysisPlan?, deviations: [String]) -> String {
    let kept =
      switch self {
      case .exploratory: "Exploratory: no analysis was registered before the results."
      case .withdrawn(let count):
        "Exploratory: the registered analysis was taken back when \(RegistrationStatus.results(count)) there."
      case .asRegistered(0):
        deviations.isEmpty
          ? "As registered before the first result." : "An analysis was registered before the first result."
      case .asRegistered(let count):
        "Registered late: \(RegistrationStatus.results(count)) there already."
      case .changed(let earlier, let count):
        "Not as registered: when \(RegistrationStatus.results(count)) there, "
          + (plan.map { RegistrationStatus.changes(from: earlier, to: $0) } ?? "the analysis was changed") + "."
      }
    guard !deviations.isEmpty, plan != nil else { return kept }
    return kept + " This one is another, and exploratory: \(deviations.joined(separator: ", "))."
  }

  private static func results(_ count: Int) -> String { count == 1 ? "1 result was" : "\(count) results were" }

  /// What differs between two plans, such as `the metric was changed from test_accuracy to test_macro_f1`.
  private static func changes(from old: AnalysisPlan, to new: AnalysisPlan) -> String {
    func effect(_ plan: AnalysisPlan) -> String { plan.smallestEffect.map { NumberText.plain($0) } ?? "none" }
    let values: [(name: String, old: String, new: String)] = [
      ("metric", old.metric, new.metric), ("smallest effect", effect(old), effect(new)),
      ("confidence", NumberText.percentage(old.confidence), NumberText.percentage(new.confidence)),
      ("comparisons", old.comparisons.rawValue, new.comparisons.rawValue),
      ("sides", old.sides.rawValue, new.sides.rawValue),
    ]
    return values.filter { $0.old != $0.new }.map { "the \($0.name) was changed from \($0.old) to \($0.new)" }
      .joined(separator: " and ")
  }
}

extension NumberText {
  /// A number as short as it is exact, such as 0.5 or 12.
  static func plain(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? fixed(value, decimals: 0) : "\(value)".replacing("-", with: "−")
  }
}
