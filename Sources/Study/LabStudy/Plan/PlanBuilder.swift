import LabCore

/// Multiplies a valid spec out into a plan.
struct PlanBuilder {
  let context: SpecContext
  let spec: StudySpec
  let selection: CellSelection

  private var factors: [SpecDraft.Factor] { context.draft.factors }

  /// The plan, and what is wrong with single variants.
  func build(
    substitute: (JSONValue) -> JSONValue, checkVariant: (ResolvedVariant) -> [SpecIssue]
  ) -> (Plan, [SpecIssue]) {
    let cells = selection.cells()
    let labels = VariantLabels(factors: factors, space: selection.space).labels(of: cells)
    var variants: [ResolvedVariant] = []
    var collapsed: [Plan.CollapsedCell] = []
    var labelByContent: [JSONValue: String] = [:]
    var findings = VariantFindings(context: context, space: selection.space)
    for (cell, label) in zip(cells, labels) {
      let resolution = resolve(cell, substitute)
      if !resolution.issues.isEmpty {
        findings.add(resolution.issues, of: cell, label: label)
        continue
      }
      let variant = ResolvedVariant(
        label: label, levels: levels(of: cell), isBaseline: cell.levels == selection.space.baseline,
        configuration: resolution.value,
        identityConfiguration: context.schema.identityConfiguration(of: resolution.value))
      if let first = labelByContent[variant.identityConfiguration] {
        collapsed.append(Plan.CollapsedCell(label: label, levels: variant.levels, variant: first))
        continue
      }
      labelByContent[variant.identityConfiguration] = label
      variants.append(variant)
      findings.add(checkVariant(variant), of: cell, label: label)
    }
    let plan = Plan(
      name: spec.name, factors: factors.map { .init(name: $0.name, levels: $0.levels.map(\.label)) }, seeds: spec.seeds,
      variants: variants, collapsedCells: collapsed, execution: spec.execution,
      analysis: spec.analysis)
    return (plan, findings.issues())
  }

  private func resolve(
    _ cell: DesignCell, _ substitute: (JSONValue) -> JSONValue
  ) -> ConfigurationResolution {
    let settings = zip(factors, cell.levels).flatMap { $0.levels[$1].settings }
      .compactMap { setting in setting.target.map { ($0, setting.value.json) } }
    let schema = context.schema.configuration
    let resolution = schema.resolve(
      ConfigurationOverride.apply(settings, to: context.changeableBase, schema: schema))
    guard resolution.issues.isEmpty else { return resolution }
    let substituted = substitute(resolution.value)
    return substituted == resolution.value ? resolution : schema.resolve(substituted)
  }

  private func levels(of cell: DesignCell) -> [String: String] {
    Dictionary(zip(factors, cell.levels).map { ($0.name, $0.levels[$1].label) }) { first, _ in first }
  }
}
