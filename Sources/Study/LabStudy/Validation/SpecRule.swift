/// One thing that every spec must fulfil.
///
/// A rule is a pure function and looks at all of the spec, so that all mistakes are reported at once. A new rule is one
/// file in `Rules` and its line in ``SpecRules/all``.
protocol SpecRule: Sendable {
  /// Everything in the spec that breaks the rule.
  func issues(in context: SpecContext) -> [SpecIssue]
}

/// The rules that specs are checked with.
enum SpecRules {
  static let all: [any SpecRule] = [
    KnownKeysRule(),
    NameRule(),
    ConfigurationRule(),
    ExecutionRule(),
    FactorNamesRule(),
    FactorKeysRule(),
    LevelCountRule(),
    LevelLabelsRule(),
    LevelValuesRule(),
    EqualLevelsRule(),
    ConflictingFactorsRule(),
    OverriddenSettingsRule(),
    BaselineRule(),
    DesignRule(),
    FullModelRule(),
    ListedCellsRule(),
    CoverageRule(),
    SeedsRule(),
    AnalysisRule(),
    ProgramRule(),
  ]
}
