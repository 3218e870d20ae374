import LabCore

/// Checks the factors and levels that a baseline or a cell names.
struct AssignmentCheck {
  private let factors: [SpecDraft.Factor]
  private let factorsByName: [String: SpecDraft.Factor]
  private let binder: LevelBinder

  init(_ context: SpecContext) {
    factors = context.draft.factors
    factorsByName = Dictionary(factors.map { ($0.name, $0) }) { first, _ in first }
    binder = LevelBinder(factors: factors)
  }

  /// Unknown factors, unknown levels, and lists of levels where one level is wanted.
  func issues(of assignment: SpecDraft.Assignment, allowsSeveral: Bool) -> [SpecIssue] {
    var explained = 0
    return assignment.entries.flatMap { entry -> [SpecIssue] in
      let path = assignment.keyPath.appending(entry.factor)
      guard let factor = factorsByName[entry.factor] else {
        explained += 1
        return [unknownFactor(entry, isExplained: explained <= SpecIssue.mostExplained, at: path)]
      }
      let levels = binder.levels(entry.value, of: factor)
      if levels.isEmpty || levels.count > 1 && !allowsSeveral {
        let found = levels.isEmpty ? "an empty list" : "a list of \(levels.count) levels"
        let expected = allowsSeveral ? "one or more levels of \"\(factor.name)\"" : "one level of \"\(factor.name)\""
        return [
          SpecIssue(
            at: entry.value.location, keyPath: path, message: "expected \(expected), found \(found)", found: found,
            expected: expected)
        ]
      }
      return levels.filter { $0.index == nil }.map { level in
        explained += 1
        return unknownLevel(
          level.value, of: factor, isExplained: explained <= SpecIssue.mostExplained, at: path)
      }
    }
  }

  private func unknownFactor(
    _ entry: SpecDraft.Assignment.Entry, isExplained: Bool, at path: ConfigurationPath
  ) -> SpecIssue {
    let names = factors.map(\.name)
    let expected =
      names.isEmpty ? "no factor, since the spec has none" : "one of the factors \(listed(names))"
    return SpecIssue(
      at: entry.factorLocation, keyPath: path, message: "unknown factor \"\(entry.factor)\"; expected \(expected)",
      found: "the factor \"\(entry.factor)\"", expected: expected,
      suggestion: isExplained ? NearestName.suggestion(for: entry.factor, among: names) : nil)
  }

  /// Names with commas between; of many the first ones.
  private func listed(_ names: [String]) -> String {
    let shown = names.prefix(30).joined(separator: ", ")
    return names.count > 30 ? "\(shown) and \(names.count - 30) more" : shown
  }

  private func unknownLevel(
    _ value: SourceValue, of factor: SpecDraft.Factor, isExplained: Bool, at path: ConfigurationPath
  ) -> SpecIssue {
    let labels = factor.levels.map(\.label)
    let label = LevelLabel.text(of: value, key: factor.key)
    let expected = "one of \(listed(labels.prefix(31).map { "\"\($0)\"" } + labels.dropFirst(31)))"
    return SpecIssue(
      at: value.location, keyPath: path,
      message: "\"\(label)\" is not a level of \"\(factor.name)\"; expected \(expected)", found: value.foundDescription,
      expected: expected,
      suggestion: isExplained ? NearestName.suggestion(for: label, among: labels) : nil)
  }
}
