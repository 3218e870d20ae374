import LabCore

/// Every level sets its keys to values that they take.
struct LevelValuesRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    var owners: [ConfigurationPath: Set<Int>] = [:]
    for (index, factor) in context.draft.factors.enumerated() {
      for target in factor.levels.flatMap(\.settings).compactMap(\.target) { owners[target, default: []].insert(index) }
    }
    return context.draft.factors.enumerated().flatMap { index, factor in
      factor.levels.flatMap { issues(of: $0, ofFactor: index, owners, context) }
    }
  }

  /// - Parameter owners: the factors that set each key.
  private func issues(
    of level: SpecDraft.Level, ofFactor index: Int, _ owners: [ConfigurationPath: Set<Int>], _ context: SpecContext
  ) -> [SpecIssue] {
    let settings = level.settings.filter { isDecided($0, ofFactor: index, owners) }
    guard let configuration = context.configuration(settingLevel: level) else { return [] }
    return context.schema.configuration.resolve(configuration).issues.compactMap { issue in
      // What is wrong with the sections themselves is another rule's business.
      guard let setting = settings.last(where: { $0.target.map { issue.path.hasPrefix($0) } ?? false }) else {
        return nil
      }
      return setting.locate(issue)
    }
  }

  /// Whether the value can be judged by itself: an option of a variant that another factor chooses is judged later,
  /// in each cell.
  private func isDecided(
    _ setting: SpecDraft.Setting, ofFactor index: Int, _ owners: [ConfigurationPath: Set<Int>]
  ) -> Bool {
    guard let target = setting.target else { return false }
    // Only what lies above the key can choose whether there is such a key.
    return !target.components.indices.contains { count in
      owners[ConfigurationPath(Array(target.components.prefix(count)))]?.contains { $0 != index } ?? false
    }
  }
}

extension SpecDraft.Setting {
  /// An issue of the configuration, at the part of the setting's value that is to blame.
  func locate(_ issue: ConfigurationIssue) -> SpecIssue {
    let inner = ConfigurationPath(Array(issue.path.components.dropFirst(target?.components.count ?? 0)))
    let location =
      inner.components.isEmpty && issue.kind == .unknownKey && !isNamedByFactor
      ? nameLocation : value.location(of: inner, preferKey: issue.kind == .unknownKey)
    return SpecIssue(
      issue, at: location, keyPath: ConfigurationPath(keyPath.components + inner.components))
  }
}
