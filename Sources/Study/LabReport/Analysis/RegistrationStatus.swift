import Foundation
import LabCore
import LabRecords

/// How what is concluded from stands to what was registered before there were results.
public enum RegistrationStatus: Sendable, Hashable {
  /// Nothing was registered.
  case exploratory
  /// The analysis is the registered one.
  case asRegistered(afterResults: Int)
  /// The analysis is the one that was registered with an earlier sweep of the same variants, before the first result.
  case continued(AnalysisContinuation)
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
      } else if last.completedRuns > 0, let continuation = last.continuation {
        .continued(continuation)
      } else {
        .asRegistered(afterResults: last.completedRuns)
      }
  }

  /// The status as formats for programs have it.
  var name: String {
    switch self {
    case .exploratory: "exploratory"
    case .asRegistered(0), .continued: "as_registered"
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
      case .continued(let continuation):
        (deviations.isEmpty ? "As" : "An analysis was")
          + " registered before the first result (with sweep \(continuation.sweep), "
          + "\(continuation.registeredAt.ISO8601Format()))." + RegistrationStatus.additions(continuation)
      case .asRegistered(let count):
        "Registered late: \(RegistrationStatus.results(count)) there already."
      case .changed(let earlier, let count):
        "Not as registered: when \(RegistrationStatus.results(count)) there, "
          + (plan.map { RegistrationStatus.changes(from: earlier, to: $0) } ?? "the analysis was changed") + "."
      }
    guard !deviations.isEmpty, plan != nil else { return kept }
    return kept + " This one is another, and exploratory: \(deviations.joined(separator: ", "))."
  }

  /// What was added to the seeds when there were results; empty where nothing was.
  private static func additions(_ continuation: AnalysisContinuation) -> String {
    guard !continuation.additions.isEmpty else { return "" }
    let parts = continuation.additions.map {
      "\(NumberText.ranges($0.seeds)) when \(results($0.completedRuns)) there"
    }
    return " Seeds were added by hand: \(parts.joined(separator: ", then ")). Whoever looks at results and adds seeds "
      + "until they please finds differences more often than the confidence says."
  }

  /// The seeds that were added by hand when there were results, for programs.
  var additionsValue: JSONValue {
    guard case .continued(let continuation) = self else { return [] }
    return .array(
      continuation.additions.map { addition in
        ["seeds": .array(addition.seeds.map { JSONValue(seed: $0) }), "results": .integer(addition.completedRuns)]
      })
  }

  static func results(_ count: Int) -> String { count == 1 ? "1 result was" : "\(count) results were" }

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
