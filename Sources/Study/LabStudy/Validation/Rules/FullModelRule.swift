import LabCore

/// The full model names levels that exist, and is there where the design starts from it.
struct FullModelRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    let draft = context.draft
    let isNeeded = context.design?.needsFullModel ?? false
    guard let full = draft.full else {
      guard isNeeded, let design = context.design, context.full == nil, context.baseline != nil,
        draft.root["full"] == nil
      else { return [] }
      return [
        SpecIssue(
          at: draft.design?.location ?? draft.root.location, keyPath: "full",
          message:
            "is missing; the design \"\(design.name)\" starts from the full model, which has to be named where a "
            + "factor has more than two levels",
          expected: "a level of each factor that differs from the baseline")
      ]
    }
    var issues = AssignmentCheck(context).issues(of: full, allowsSeveral: false)
    if issues.isEmpty, let baseline = context.baseline, context.full == baseline {
      issues.append(
        SpecIssue(
          isNeeded ? .error : .warning, at: full.location, keyPath: "full",
          message: "the full model is the baseline; name the levels that it has beyond it"))
    } else if !isNeeded, let design = context.design {
      issues.append(
        SpecIssue(
          .warning, at: draft.root.location(of: "full", preferKey: true), keyPath: "full",
          message: "the design \"\(design.name)\" makes no use of the full model"))
    }
    return issues
  }
}
