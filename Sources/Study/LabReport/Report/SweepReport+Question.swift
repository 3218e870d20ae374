import LabCore
import LabRecords

extension SweepReport {
  /// What was asked, of what, and by what design, in sentences.
  var questionBlocks: [ReportPage.Block] {
    sweep.importNotes.map { .paragraph($0) } + [
      .paragraph(
        ([designSentence, baselineSentence, seedSentence] + [settingSentence]).compactMap { $0 }.joined(separator: " "))
    ]
      + factorFacts + [.paragraph(analysis.registration.sentence(analysis.plan, deviations: analysis.deviations))]
      + analysis.seedRuleParagraph.map { .paragraph($0) }
  }

  private var designSentence: String {
    let count = sweep.variants.count
    let variants = count == 1 ? "one variant" : "\(count) variants"
    guard !sweep.factors.isEmpty else { return "The study has \(variants)." }
    let names = sweep.factors.map(\.name).inWords
    return "The study varies \(names) in \(variants): \(design)."
  }

  /// How the variants are spread over the combinations of levels.
  private var design: String {
    let combinations = sweep.factors.reduce(1.0) { $0 * Double(max(1, $1.levels.count)) }
    let distinct = Set(sweep.variants.map(\.levels))
    let isComplete = distinct.allSatisfy { levels in sweep.factors.allSatisfy { levels[$0.name] != nil } }
    if isComplete, Double(distinct.count) == combinations {
      return sweep.factors.count == 1 ? "each of its levels" : "every combination of their levels"
    }
    if isComplete, let baseline = sweep.variants.first(where: \.isBaseline)?.levels {
      let most = distinct.map { levels in levels.count { baseline[$0.key] != $0.value } }.max() ?? 0
      if most == 1 { return "one factor at a time is changed from the baseline" }
      if most == 2 { return "at most two factors at a time are changed from the baseline" }
    }
    return
      "some of the combinations of their levels, of which there are \(NumberText.grouped(Int(min(combinations, 1e9))))"
  }

  private var baselineSentence: String? {
    guard let baseline = sweep.variants.first(where: \.isBaseline) else {
      return "It has no baseline, so no variant is compared with another."
    }
    let levels = sweep.factors.compactMap { factor in baseline.levels[factor.name].map { "\(factor.name) \($0)" } }
    let meaning = levels.isEmpty ? "" : " (\(levels.joined(separator: ", ")))"
    return "The others are compared with \(baseline.label)\(meaning)."
  }

  private var seedSentence: String? {
    let seeds = sweep.seeds
    guard !seeds.isEmpty else { return nil }
    if seeds.count == 1, sweep.imported == nil { return "Every variant is trained once, with seed \(seeds[0])." }
    guard sweep.imported == nil else {
      return
        "Variants are compared within the \(seeds.count) seeds \(NumberText.ranges(seeds)), as far as they have runs of "
        + "the same ones, which takes it that runs of a seed have something in common."
    }
    return
      "Every variant is trained with the \(seeds.count) seeds \(NumberText.ranges(seeds)); the runs of a seed share "
      + "the order of the data and, where shapes agree, their initial weights, so that variants are compared within seeds."
  }

  /// What all runs have in common; nil where that is not on record.
  private var settingSentence: String? {
    let configurations = sweep.variants.compactMap(\.configuration)
    guard configurations.count == sweep.variants.count, let first = configurations.first else { return nil }
    func common(_ path: String) -> String? {
      guard let value = first[path: path], configurations.allSatisfy({ $0[path: path] == value }) else { return nil }
      if let name = value.stringValue ?? value["name"]?.stringValue { return name }
      if let number = value.doubleValue {
        return number == number.rounded() && abs(number) < 1e15
          ? NumberText.grouped(Int(number)) : NumberText.shortest(number)
      }
      return nil
    }
    let model = common("model.architecture").map { "\($0)\(common("model.depth").map { "-" + $0 } ?? "")" }
    let limit = common("dataset.train_limit").map { " (\($0) training images)" } ?? ""
    let parts = [
      model.map { "a \($0)" }, common("dataset.name").map { "on \($0)\(limit)" },
      common("training.epochs").map { $0 == "1" ? "for one epoch" : "for \($0) epochs" },
      common("training.optimizer").map { "by \($0)" },
    ].compactMap { $0 }
    guard !parts.isEmpty else { return nil }
    let images = Set(sweep.variants.compactMap(\.testImageCount))
    let test = images.count == 1 ? " The test metrics are over \(NumberText.grouped(images.first ?? 0)) images." : ""
    return "All runs train \(parts.joined(separator: " ")).\(test)"
  }

  private var factorFacts: [ReportPage.Block] {
    guard !sweep.factors.isEmpty else { return [] }
    return [
      .facts(
        sweep.factors.map { factor in
          // A level may have a comma of its own.
          .init(factor.name, factor.levels.joined(separator: factor.levels.contains { $0.contains(",") } ? "; " : ", "))
        })
    ]
  }
}

extension [String] {
  /// The texts as an enumeration in a sentence.
  var inWords: String { count < 2 ? joined() : dropLast().joined(separator: ", ") + " and " + (last ?? "") }

  /// The first texts as an enumeration, and how many there are beside them.
  func inWords(limit: Int) -> String {
    count <= limit ? inWords : prefix(limit).joined(separator: ", ") + " and \(count - limit) more"
  }
}
