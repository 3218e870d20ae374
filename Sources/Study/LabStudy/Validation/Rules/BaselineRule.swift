import LabCore

/// The baseline names a level of every factor.
struct BaselineRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    let draft = context.draft
    guard let baseline = draft.baseline else {
      guard draft.root["baseline"] == nil, draft.root.members != nil, !draft.factors.isEmpty else { return [] }
      return [
        SpecIssue(
          at: draft.root.location(of: "factors", preferKey: true), keyPath: "baseline",
          message: "is missing; it names the level of each factor that the others are compared with",
          expected: "a level of every factor", hint: "Write \"baseline\": { \(firstLevels(of: draft.factors)) }.")
      ]
    }
    var issues = AssignmentCheck(context).issues(of: baseline, allowsSeveral: false)
    let missing = draft.factors.filter { factor in !baseline.entries.contains { $0.factor == factor.name } }
    if !missing.isEmpty {
      let names = missing.map { "\"\($0.name)\"" }.joined(separator: ", ")
      issues.append(
        SpecIssue(
          at: baseline.location, keyPath: "baseline", message: "has no level of the factor \(names)",
          expected: "a level of every factor", hint: "Add \(firstLevels(of: missing))."))
    }
    return issues
  }

  private func firstLevels(of factors: [SpecDraft.Factor]) -> String {
    factors.map { "\"\($0.name)\": \(JSONValue.string($0.levels.first?.label ?? "…").canonicalText)" }
      .joined(separator: ", ")
  }
}
