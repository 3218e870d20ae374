import LabCore

/// A factor's name can be used where cells are selected: `--only name=level`.
struct FactorNamesRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    context.draft.factors.compactMap { factor in
      guard let problem = problem(with: factor.name) else { return nil }
      return SpecIssue(
        at: factor.nameLocation, keyPath: factor.keyPath, message: problem, found: "the name \"\(factor.name)\"")
    }
  }

  private func problem(with name: String) -> String? {
    if PlanFilter.reservedNames.contains(name) {
      return "\"\(name)\" cannot name a factor, because it selects cells by other means"
    }
    let allowed = name.allSatisfy { $0.isLetter || $0.isNumber || "._-".contains($0) }
    return allowed && !name.isEmpty
      ? nil : "a factor's name has letters, digits, \"-\", \"_\" and \".\" only, found \"\(name)\""
  }
}
