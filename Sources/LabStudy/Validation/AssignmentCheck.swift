import LabCore

/// Checks the factors and levels that a baseline or a cell names.
struct AssignmentCheck {
  private let factors: [SpecDraft.Factor]
  private let binder: LevelBinder

  init(_ context: SpecContext) {
    factors = context.draft.factors
    binder = LevelBinder(factors: factors)
  }

  /// Unknown factors, unknown levels, and lists of levels where one level is wanted.
  func issues(of assignment: SpecDraft.Assignment, allowsSeveral: Bool) -> [SpecIssue] {
    assignment.entries.flatMap { entry -> [SpecIssue] in
      let path = assignment.keyPath.appending(entry.factor)
      guard let factor = factors.first(where: { $0.name == entry.factor }) else {
        return [unknownFactor(entry, at: path)]
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
      return levels.filter { $0.index == nil }.map { unknownLevel($0.value, of: factor, at: path) }
    }
  }

  private func unknownFactor(_ entry: SpecDraft.Assignment.Entry, at path: ConfigurationPath) -> SpecIssue {
    let names = factors.map(\.name)
    let expected =
      names.isEmpty ? "no factor, since the spec has none" : "one of the factors \(names.joined(separator: ", "))"
    return SpecIssue(
      at: entry.factorLocation, keyPath: path, message: "unknown factor \"\(entry.factor)\"; expected \(expected)",
      found: "the factor \"\(entry.factor)\"", expected: expected,
      suggestion: NearestName.suggestion(for: entry.factor, among: names))
  }

  private func unknownLevel(
    _ value: SourceValue, of factor: SpecDraft.Factor, at path: ConfigurationPath
  ) -> SpecIssue {
    let labels = factor.levels.map(\.label)
    let label = LevelLabel.text(of: value, key: factor.key)
    let expected = "one of \(labels.map { "\"\($0)\"" }.joined(separator: ", "))"
    return SpecIssue(
      at: value.location, keyPath: path,
      message: "\"\(label)\" is not a level of \"\(factor.name)\"; expected \(expected)", found: value.foundDescription,
      expected: expected, suggestion: NearestName.suggestion(for: label, among: labels))
  }
}
