import LabCore
import LabRecords
import LabStats

extension SweepAnalysis {
  /// What rules have added to the seeds of the spec and what came of it, a sentence each; empty without a rule.
  var seedRuleSentences: [String] {
    let own = recorded.seedRules
    guard let last = own.last else {
      // What another hand has added since says more about coverage than the rule does.
      guard let continuation = recorded.analyses.last?.continuation, let last = continuation.seedRules.last else {
        return []
      }
      return ["Seeds were added by a rule before: until \(last.rule.goal)."]
        + (continuation.additions.isEmpty ? [coverageSentence] : [])
    }
    let growth = SeedGrowth(recorded, rule: last.rule)
    let count = recorded.seeds.count
    let goal = "the widest interval of \(last.rule.metric)"
    let most = "of at most \(last.rule.maximumSeedCount) seeds"
    let width = growth.width.map { "it is ± \($0)" } ?? "no comparison has an interval"
    let outcome: String
    if recorded.runs.contains(where: { !$0.state.isTerminal }) {
      outcome = "Seeds are added until \(goal) is at most \(last.rule.sizeText): \(count) \(most) so far."
    } else {
      outcome =
        switch growth.decision {
        case .enough:
          "Seeds were added until \(goal) was at most \(last.rule.sizeText): \(count) \(most)."
        case .exhausted:
          "Seeds were added until there were \(count) \(most), and \(goal) is still not at most \(last.rule.sizeText): "
            + width + "."
        case .add:
          "Seeds were to be added until \(goal) was at most \(last.rule.sizeText), which was not followed to its end: "
            + "with \(count) \(most), \(width)."
        case .impossible:
          "Seeds were to be added until \(goal) was at most \(last.rule.sizeText), but with \(count) \(most) \(width)."
        }
    }
    let planned = recorded.plannedSeedCount
    let added = own.flatMap(\.seeds)
    let origin =
      added.isEmpty
      ? "The spec has all of them."
      : "The spec has \(planned) of them, and the seeds \(NumberText.ranges(added)) were added."
    let earlier = own.dropLast().map {
      "The rule had been \($0.rule.sizeText) of \($0.rule.metric) with at most \($0.rule.maximumSeedCount) seeds before."
    }
    let late =
      last.completedRuns == 0
      ? [] : ["It was set when \(RegistrationStatus.results(last.completedRuns)) there."]
    return [outcome, origin] + earlier + late + [coverageSentence]
  }

  /// What stopping at narrow intervals costs.
  private var coverageSentence: String {
    let variants = max(2, model.variants.count)
    let range = SequentialPrecision.simulatedCoverage(variantCount: variants)
    let bounds = [range.lowerBound, range.upperBound].map { NumberText.fixed(100 * $0, decimals: 0) }
    return "The rule looks at widths and not at differences, but stops more often where the spread looks small by "
      + "chance: of simulated families of 95 % intervals of \(variants) variants, \(bounds[0]) to \(bounds[1]) % held "
      + "all at once."
  }

  /// The rules for programs; null without one.
  var seedRuleValue: JSONValue {
    guard let last = recorded.seedRules.last else { return .null }
    return [
      "metric": .string(last.rule.metric), "half_width": .number(last.rule.halfWidth),
      "maximum_seeds": .integer(last.rule.maximumSeedCount),
      "seeds_of_spec": .integer(recorded.plannedSeedCount),
      "seeds_added": .array(recorded.seedRules.flatMap(\.seeds).map { JSONValue(seed: $0) }),
      "results_when_set": .integer(last.completedRuns),
    ]
  }
}

extension Sweep {
  /// That a rule decides how many seeds there are, for those who read a table only; nil without one.
  var seedRuleNote: String? {
    guard let rule = seedRules.last?.rule else { return nil }
    let added = seedRules.reduce(0) { $0 + $1.seeds.count }
    return "A rule adds seeds until the widest interval of \(rule.metric) is at most \(rule.sizeText): "
      + "\(added) of \(seeds.count) were added, of at most \(rule.maximumSeedCount). That costs coverage, and "
      + "labrun analyze says how much."
  }
}
