import LabCore

/// A section's value is used by some cell: one that every level of a factor sets has an effect only as a trap.
///
/// Writing the baseline's value into the section is fine; it says the same.
struct OverriddenSettingsRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    context.draft.factors.enumerated().flatMap { index, factor in
      context.targets(ofEveryLevelOf: factor).sorted { "\($0)" < "\($1)" }.compactMap { target in
        guard context.draft.sections[at: target] != nil, !isBaselineValue(target, ofFactor: index, context),
          !context.base.issues.contains(where: { $0.path.hasPrefix(target) })
        else { return nil }
        return SpecIssue(
          .warning, at: context.draft.root.location(of: target, preferKey: true), keyPath: target,
          message: "every level of the factor \"\(factor.name)\" sets this key, so the value here is never used")
      }
    }
  }

  private func isBaselineValue(_ target: ConfigurationPath, ofFactor index: Int, _ context: SpecContext) -> Bool {
    guard let level = context.baseline.map({ context.draft.factors[index].levels[$0[index]] }),
      let configuration = context.configuration(settingLevel: level)
    else { return true }
    let value = context.schema.configuration.resolve(configuration).value[at: target]
    return value == context.base.value[at: target]
  }
}
