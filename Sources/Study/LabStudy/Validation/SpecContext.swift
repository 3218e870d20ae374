import LabCore

/// What validation rules look at: the draft, and what its names mean.
///
/// A name that means nothing leaves its part nil or out here; the rule for that part reports it.
struct SpecContext {
  let schema: StudySchema
  let draft: SpecDraft
  /// The sections without any factor's settings.
  let base: ConfigurationResolution
  /// The sections in canonical form, in which a level's settings can take the place of any key.
  let changeableBase: JSONValue
  /// The chosen design; nil where its name is unknown.
  let design: (any Design)?
  /// One level a factor; nil where the baseline is missing, wrong or incomplete.
  let baseline: [Int]?
  /// The full model; nil where there is none or it is wrong.
  let full: [Int]?
  /// The cells to choose; nil where a name in them is wrong.
  let selection: CellSelection?

  init(draft: SpecDraft, schema: StudySchema) {
    self.draft = draft
    self.schema = schema
    base = schema.configuration.resolve(draft.sections)
    changeableBase = schema.configuration.keepingNames(of: draft.sections, in: base.value)
    design = draft.design.map { schema.designs[$0.name] } ?? schema.designs.entries.first
    let binder = LevelBinder(factors: draft.factors)
    let baseline = draft.baseline.map(binder.cell) ?? (draft.factors.isEmpty ? [] : nil)
    self.baseline = baseline
    full = baseline.flatMap { baseline in
      if let full = draft.full { return binder.cell(full, elsewhere: baseline) }
      // With two levels a factor there is only one full model.
      guard draft.factors.allSatisfy({ $0.levels.count == 2 }) else { return nil }
      return baseline.map { 1 - $0 }
    }
    selection = SpecContext.selection(
      draft: draft, binder: binder, design: design, baseline: baseline, full: full)
  }

  private static func selection(
    draft: SpecDraft, binder: LevelBinder, design: (any Design)?, baseline: [Int]?, full: [Int]?
  ) -> CellSelection? {
    guard let design, let baseline, !design.needsFullModel || full != nil,
      draft.factors.allSatisfy({ !$0.levels.isEmpty }),
      let listed = binder.cells(draft.design?.cells ?? [], elsewhere: baseline),
      let include = binder.cells(draft.include, elsewhere: baseline)
    else { return nil }
    let exclude = draft.exclude.compactMap(binder.pattern)
    guard exclude.count == draft.exclude.count else { return nil }
    let factors = draft.factors.indices.map { index in
      DesignSpace.Factor(
        levelCount: draft.factors[index].levels.count, baseline: baseline[index], full: full?[index])
    }
    let options = design.options.resolve(draft.design?.options ?? [:]).value
    return CellSelection(
      design: design, space: DesignSpace(factors: factors, listedCells: listed, options: options),
      exclude: exclude, include: include)
  }

  /// The sections with a level's settings; nil where a setting's key is unclear.
  func configuration(settingLevel level: SpecDraft.Level) -> JSONValue? {
    let settings = level.settings.compactMap { setting in setting.target.map { ($0, setting.value.json) } }
    guard settings.count == level.settings.count else { return nil }
    return ConfigurationOverride.apply(settings, to: changeableBase, schema: schema.configuration)
  }

  /// The keys that every level of a factor sets, so that the sections' values for them are never used.
  func targets(ofEveryLevelOf factor: SpecDraft.Factor) -> Set<ConfigurationPath> {
    let targets = factor.levels.map { Set($0.settings.compactMap(\.target)) }
    guard let first = targets.first else { return [] }
    return targets.dropFirst().reduce(first) { $0.intersection($1) }
  }
}
