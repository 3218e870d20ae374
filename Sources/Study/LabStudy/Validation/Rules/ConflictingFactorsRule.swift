import LabCore

/// A key is set by one factor only, and by a level once.
struct ConflictingFactorsRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    var owners: [ConfigurationPath: String] = [:]
    var issues: [SpecIssue] = []
    for factor in context.draft.factors {
      var reported = Set<ConfigurationPath>()
      for level in factor.levels {
        var own = Set<ConfigurationPath>()
        for setting in level.settings {
          guard let target = setting.target else { continue }
          if let owner = owners[target], owner != factor.name {
            guard reported.insert(target).inserted else { continue }
            issues.append(
              SpecIssue(
                at: setting.nameLocation, keyPath: factor.keyPath,
                message: "\(target) is set by the factor \"\(owner)\" too; a key belongs to one factor",
                found: "a second factor for \(target)"))
          } else if !own.insert(target).inserted {
            issues.append(
              SpecIssue(
                at: setting.nameLocation, keyPath: setting.keyPath,
                message: "the level \"\(level.label)\" sets \(target) twice", found: "a second value of \(target)"))
          } else {
            owners[target] = factor.name
          }
        }
      }
    }
    return issues
  }
}
