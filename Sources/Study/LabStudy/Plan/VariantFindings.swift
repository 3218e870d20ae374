import LabCore

/// Collects what is wrong with variants, and says it once at the place in the spec that causes it.
struct VariantFindings {
  private struct Finding {
    /// The issue; without a location where no single setting is to blame.
    var issue: SpecIssue
    var cells: [[Int]]
    var labels: [String]
  }

  private let context: SpecContext
  private let space: DesignSpace
  private var findings: [Finding] = []
  private var indices: [SpecIssue: Int] = [:]
  /// Every cell that was looked at.
  private var cells: [[Int]] = []

  init(context: SpecContext, space: DesignSpace) {
    self.context = context
    self.space = space
  }

  // MARK: Collecting

  /// Adds what a schema says of a variant.
  mutating func add(_ issues: [ConfigurationIssue], of cell: DesignCell, label: String) {
    let located = issues.map { issue in
      if let setting = setting(of: issue.path, in: cell) { return setting.locate(issue) }
      let location = context.draft.root.location(of: issue.path, preferKey: issue.kind == .unknownKey)
      return SpecIssue(issue, at: location)
    }
    record(located, of: cell, label: label)
  }

  /// Adds what a caller's check says of a variant, where a key path is one of the configuration.
  mutating func add(_ issues: [SpecIssue], of cell: DesignCell, label: String) {
    let located = issues.map { issue in
      guard issue.location == nil, let setting = setting(of: issue.keyPath, in: cell), let target = setting.target
      else {
        return issue
      }
      let inner = ConfigurationPath(Array(issue.keyPath.components.dropFirst(target.components.count)))
      var issue = issue
      issue.location = setting.value.location(of: inner)
      issue.keyPath = ConfigurationPath(setting.keyPath.components + inner.components)
      return issue
    }
    record(located, of: cell, label: label)
  }

  private mutating func record(_ issues: [SpecIssue], of cell: DesignCell, label: String) {
    cells.append(cell.levels)
    for issue in issues {
      if let index = indices[issue] {
        findings[index].cells.append(cell.levels)
        findings[index].labels.append(label)
      } else {
        indices[issue] = findings.count
        findings.append(Finding(issue: issue, cells: [cell.levels], labels: [label]))
      }
    }
  }

  /// The innermost setting of a cell that gave a key its value.
  private func setting(of path: ConfigurationPath, in cell: DesignCell) -> SpecDraft.Setting? {
    var innermost: (setting: SpecDraft.Setting, depth: Int)?
    for setting in zip(context.draft.factors, cell.levels).flatMap({ $0.levels[$1].settings }) {
      guard let target = setting.target, path.hasPrefix(target) else { continue }
      if target.components.count > innermost?.depth ?? 0 { innermost = (setting, target.components.count) }
    }
    return innermost?.setting
  }

  // MARK: Reporting

  /// The issues, each once with the variants that have it.
  func issues() -> [SpecIssue] {
    findings.map { finding in
      var issue = finding.issue
      if issue.location == nil {
        if let level = commonLevel(of: finding.cells) {
          issue.location = level.location
          issue.keyPath = level.keyPath
        } else {
          issue.location = context.draft.root.location(of: issue.keyPath)
        }
      }
      if finding.cells.count < cells.count { issue.message += suffix(finding.labels) }
      return issue
    }
  }

  /// The level to blame for what some variants have and others do not: one that all of them have and few others.
  private func commonLevel(of affected: [[Int]]) -> SpecDraft.Level? {
    guard affected.count < cells.count, let first = affected.first else { return nil }
    let candidates = first.indices.filter { factor in
      first[factor] != space.baseline[factor] && affected.allSatisfy { $0[factor] == first[factor] }
    }
    let best = candidates.min { a, b in
      cells.count { $0[a] == first[a] } < cells.count { $0[b] == first[b] }
    }
    return best.map { context.draft.factors[$0].levels[first[$0]] }
  }

  private func suffix(_ labels: [String]) -> String {
    let shown = labels.prefix(3).map { "\"\($0)\"" }.joined(separator: ", ")
    let rest = labels.count > 3 ? " and \(labels.count - 3) more" : ""
    return labels.count == 1 ? " (in the variant \(shown))" : " (in the variants \(shown)\(rest))"
  }
}
