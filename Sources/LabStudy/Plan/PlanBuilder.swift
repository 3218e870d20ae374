import LabCore

/// Multiplies a valid spec out into a plan.
struct PlanBuilder {
  let context: SpecContext
  let spec: StudySpec
  let selection: CellSelection

  /// The plan, and what is wrong with single variants.
  func build(checkVariant: (ResolvedVariant) -> [SpecIssue]) -> (Plan, [SpecIssue]) {
    let cells = selection.cells()
    let labels = VariantLabels(factors: context.draft.factors, baseline: selection.space.baseline).labels(of: cells)
    var variants: [ResolvedVariant] = []
    var collapsed: [Plan.CollapsedCell] = []
    var labelByContent: [JSONValue: String] = [:]
    var findings = VariantFindings()
    for (cell, label) in zip(cells, labels) {
      let settings = self.settings(of: cell)
      let resolution = context.schema.configuration.resolve(
        ConfigurationOverride.apply(settings.compactMap { s in s.target.map { ($0, s.value.json) } }, to: context.base.value))
      let levels = Dictionary(
        zip(context.draft.factors, cell.levels).map { ($0.name, $0.levels[$1].label) }, uniquingKeysWith: { a, _ in a })
      for issue in resolution.issues {
        findings.add(locate(SpecIssue(issue, at: nil), like: issue, in: cell, settings), variant: label)
      }
      guard resolution.issues.isEmpty else { continue }
      let variant = ResolvedVariant(
        label: label, levels: levels, isBaseline: cell.levels == selection.space.baseline,
        configuration: resolution.value,
        identityConfiguration: context.schema.identityConfiguration(of: resolution.value))
      if let first = labelByContent[variant.identityConfiguration] {
        collapsed.append(Plan.CollapsedCell(label: label, levels: levels, variant: first))
        continue
      }
      labelByContent[variant.identityConfiguration] = label
      variants.append(variant)
      for issue in checkVariant(variant) {
        findings.add(issue.location == nil ? locate(issue, like: nil, in: cell, settings) : issue, variant: label)
      }
    }
    let plan = Plan(
      name: spec.name,
      factors: context.draft.factors.map { SweepSnapshot.Factor(name: $0.name, levels: $0.levels.map(\.label)) },
      seeds: spec.seeds, variants: variants, collapsedCells: collapsed, execution: spec.execution)
    return (plan, findings.issues(variantCount: cells.count - collapsed.count))
  }

  private func settings(of cell: DesignCell) -> [SpecDraft.Setting] {
    zip(context.draft.factors, cell.levels).flatMap { $0.levels[$1].settings }
  }

  /// The issue at the level that set the key to blame, else at the section's key, else at what makes the cell special.
  private func locate(
    _ issue: SpecIssue, like configurationIssue: ConfigurationIssue?, in cell: DesignCell,
    _ settings: [SpecDraft.Setting]
  ) -> SpecIssue {
    var issue = issue
    let path = issue.keyPath
    let root = context.draft.root
    let setters = settings.filter { setting in setting.target.map { path.hasPrefix($0) } ?? false }
    if let setter = setters.max(by: { $0.target!.components.count < $1.target!.components.count }) {
      let like = configurationIssue ?? ConfigurationIssue(.wrongType, at: path, issue.message, found: nil, expected: "")
      let located = setter.locate(like)
      issue.location = located.location
      issue.keyPath = located.keyPath
    } else if let level = firstSpecialLevel(of: cell, below: path) {
      issue.location = level.location
      issue.keyPath = level.keyPath
    } else {
      issue.location = root.location(of: path, preferKey: configurationIssue?.kind == .unknownKey)
    }
    return issue
  }

  /// The first level that differs from the baseline's and sets something below a path.
  private func firstSpecialLevel(of cell: DesignCell, below path: ConfigurationPath) -> SpecDraft.Level? {
    for (index, factor) in context.draft.factors.enumerated()
    where cell.levels[index] != selection.space.baseline[index] {
      let level = factor.levels[cell.levels[index]]
      if level.settings.contains(where: { $0.target?.hasPrefix(path) ?? false }) { return level }
    }
    return nil
  }
}

/// Collects the issues of variants, and reports equal ones once with the variants that have them.
private struct VariantFindings {
  private var order: [SpecIssue] = []
  private var variants: [SpecIssue: [String]] = [:]

  mutating func add(_ issue: SpecIssue, variant: String) {
    if variants[issue] == nil { order.append(issue) }
    variants[issue, default: []].append(variant)
  }

  func issues(variantCount: Int) -> [SpecIssue] {
    order.map { issue in
      var issue = issue
      let labels = variants[issue] ?? []
      if labels.count < variantCount {
        let shown = labels.prefix(3).map { "\"\($0)\"" }.joined(separator: ", ")
        let rest = labels.count > 3 ? " and \(labels.count - 3) more" : ""
        issue.message += labels.count == 1 ? " (in the variant \(shown))" : " (in the variants \(shown)\(rest))"
      }
      return issue
    }
  }
}
