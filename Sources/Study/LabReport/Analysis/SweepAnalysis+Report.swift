import Foundation
import LabCore
import LabRecords
import LabStats

extension SweepAnalysis {
  /// The analysis for any format.
  public var document: ReportDocument {
    let title = "\(sweep.reportTitle): analysis of \(metric.titleWithUnit)"
    if isPair {
      return ReportDocument(
        kind: "comparison-of-two", title: title,
        sections: [
          .init(paragraphs: pairParagraphs), .init(table: comparisonTable),
          .init("Test images", paragraphs: imageParagraphs, table: imageTable),
          .init("Fairness", paragraphs: fairness),
        ], metadata: metadata)
    }
    return ReportDocument(
      kind: "analysis", title: title,
      sections: [
        .init(paragraphs: leadParagraphs),
        .init("Conclusions", paragraphs: conclusions),
        .init(table: comparisons.isEmpty ? nil : comparisonTable),
        .init("Test images", paragraphs: imageParagraphs, table: imageTable),
        .init("Factors", paragraphs: factorParagraphs), .init(table: varianceTable), .init(table: effectTable),
        .init(table: partTable),
        .init("Data sets", paragraphs: (dataSets?.paragraphs ?? []) + (dataSets?.conclusions ?? [])),
        .init(table: dataSets?.table),
        .init("Fairness", paragraphs: fairness), .init("Diagnostics", paragraphs: diagnosticParagraphs),
        .init(table: diagnosticTable), .init("Not estimable", paragraphs: lossParagraphs),
      ], metadata: metadata)
  }

  var level: String { NumberText.percentage(options.confidenceLevel) }

  func label(_ variant: Int) -> String { sweep.variants[variant].label.singleLine }

  // MARK: The lead

  private var baselineLabel: String? { sweep.variants.first(where: \.isBaseline)?.label.singleLine }

  private var leadParagraphs: [String] {
    let completed = sweep.runs.count { $0.state == .completed }
    let question =
      comparesAllPairs || baselineLabel == nil
      ? "Which variants differ from each other in \(metric.name)?"
      : "Which variants differ from \(baselineLabel ?? "") in \(metric.name)?"
    let factors = sweep.factors.map { "\($0.name) (\($0.levels.count))" }.joined(separator: " × ")
    let ofFactors = factors.isEmpty ? "" : " of the factors \(factors)"
    let sample = model.fit.sample
    let blocks =
      !sample.isComplete || model.variants.count < sweep.variants.count
      ? "in incomplete blocks, by least squares"
      : (sample.blocks.count < sweep.seeds.count ? "\(sample.blocks.count) of them so far, " : "")
        + "in complete blocks: a seed's variants share what depends on the seed alone"
    return sweep.importNotes + [
      "\(question) \(sweep.variants.count) variants\(ofFactors) × \(sweep.seeds.count) seeds, \(blocks). "
        + "\(completed) of \(sweep.runs.count) runs are complete.",
      registration.sentence(plan, deviations: deviations),
    ] + seedRuleParagraph + [modelSentence] + smallestParagraph
  }

  /// What became of the rules by which seeds were added; empty without one.
  var seedRuleParagraph: [String] {
    let sentences = seedRuleSentences
    return sentences.isEmpty ? [] : [sentences.joined(separator: " ")]
  }

  private var smallestParagraph: [String] {
    guard let smallestDifference else {
      return ["No smallest effect that matters is named, so that no difference can be called equivalent."]
    }
    return [
      "The smallest effect that matters is \(text.value(smallestDifference))\(text.unit); a difference whose interval lies "
        + "within ± that is equivalent."
    ]
  }

  /// By what comparisons are judged, and why.
  var modelSentence: String {
    if !comparisons.isEmpty, comparisons.allSatisfy({ $0.difference.interval == nil }) {
      return "Model: none yet. No comparison has the runs that an interval takes, so that all remain undecided."
    }
    guard model.model.isPooled else {
      let start = "Model: each comparison by its own pairs of runs (paired t"
      let family =
        options.coverage == .simultaneous && comparisons.count > 1
        ? ", Bonferroni: all \(comparisons.count) \(level) intervals hold at once)" : ")"
      return start + family + (model.model.reason.map { ", since \($0)" } ?? "") + "."
    }
    let deviation = model.variances.commonVariance.squareRoot()
    let number = NumberText.significant(metric.unit == .percent ? 100 * deviation : deviation, digits: 3)
    let scope =
      options.coverage == .perComparison
      ? "each \(level) interval holds by itself (t)"
      : comparesAllPairs
        ? "all \(comparisons.count) \(level) intervals hold at once (Tukey and Kramer)"
        : "all \(comparisons.count) \(level) intervals hold at once (Dunnett)"
    let critical = comparesAllPairs ? nil : model.family?.criticalValue
    let variances = model.variances
    let value =
      options.coverage == .simultaneous
      ? critical.map {
        ", critical value \(NumberText.fixed($0, decimals: 3))" + (variances.isCommon ? "" : " for the common residual")
      } ?? "" : ""
    let caution = model.model.caution()
    let assumptions =
      caution.map { $0.prefix(1).uppercased() + $0.dropFirst() }
      ?? "Neither unequal spread nor missing additivity speaks against it"
    let residual = "one residual for all" + (variances.isCommon ? "" : " whose runs vary alike (moderated)")
    return
      "Model: variant + seed + residual, \(residual): its standard deviation is \(number)\(text.unit), with "
      + "\(NumberText.fixed(variances.commonDegreesOfFreedom, decimals: 0)) degrees of freedom. \(assumptions). "
      + "\(scope.prefix(1).uppercased() + scope.dropFirst())\(value)\(options.isOneSided ? ", one-sided" : "")."
  }

  private var pairParagraphs: [String] {
    let single =
      "This one \(level) interval holds by itself; a pair that was picked because it looked different needs "
      + "those of all pairs (`labrun analyze --all-pairs`)."
    guard let comparison = comparisons.first else {
      return inestimable.map { "\(label($0.variant)) and \(label($0.reference)) share no chain of seeds with results." }
    }
    let rest = sweep.importNotes + [registration.sentence(plan, deviations: deviations), modelSentence, single]
    return [sentence(comparison)] + imageCaution + rest
  }

  /// A comparison as a sentence that claims no more than its interval.
  func sentence(_ comparison: Comparison) -> String {
    let names = (label(comparison.variant), label(comparison.reference))
    let difference = text.difference(comparison.difference.mean, comparison.difference.interval)
    let verdict =
      switch comparison.verdict {
      case .better: "\(names.0) is better than \(names.1)"
      case .worse: "\(names.0) is worse than \(names.1)"
      case .equivalent: "\(names.0) and \(names.1) are equivalent"
      case .undecided: "It is undecided whether \(names.0) or \(names.1) is better"
      }
    return "\(verdict): \(difference)\(text.unit)."
      + (comparison.isPreliminary ? " Preliminary: runs were still improving when they ended." : "")
  }

  // MARK: Conclusions

  private var conclusions: [String] {
    guard !comparisons.isEmpty else { return ["There is nothing to compare yet."] }
    guard !comparesAllPairs else {
      return Verdict.allCases.compactMap { verdict in
        let count = comparisons.count { $0.verdict == verdict }
        return count == 0 ? nil : "\(count) of \(comparisons.count) pairs: \(verdict.rawValue)."
      } + imageCaution
    }
    let reference = label(comparisons[0].reference)
    let titles: [(Verdict, String)] = [
      (.better, "Better than \(reference)"), (.worse, "Worse than \(reference)"),
      (.equivalent, "Equivalent to \(reference)"), (.undecided, "Undecided"),
    ]
    let sentences = titles.compactMap { verdict, title -> String? in
      let members = comparisons.filter { $0.verdict == verdict }
      guard !members.isEmpty else { return nil }
      let shown = members.prefix(12).map {
        "\(label($0.variant)) (\(text.difference($0.difference.mean, $0.difference.interval)))"
      }
      return "\(title): \(shown.joined(separator: "; "))"
        + (members.count > 12 ? " and \(members.count - 12) more." : ".")
    }
    let preliminary = comparisons.filter(\.isPreliminary)
    let warning =
      preliminary.isEmpty
      ? []
      : [
        "Preliminary: runs behind \(preliminary.count) of \(comparisons.count) comparisons were still improving when they "
          + "ended, so that a longer training would change the numbers, and perhaps their order."
      ]
    return sentences + imageCaution + warning
  }

  /// In what the arms differ beside what is studied, a sentence each.
  var fairness: [String] {
    let variants = isPair ? comparisons.flatMap { [$0.reference, $0.variant] } : model.variants
    let reference = isPair ? comparisons.first?.reference : sweep.variants.firstIndex(where: \.isBaseline)
    return FairnessAudit(sweep, variants: variants, reference: reference, origins: origins).notes
      + (sweep.imported == nil
        ? []
        : [
          "What the arms were trained on, with what and for how long is on record only as far as the imported file tells."
        ])
  }

  /// What cannot be estimated.
  var lossParagraphs: [String] {
    let pairs = inestimable.prefix(10).map { "\(label($0.variant)) and \(label($0.reference))" }
    let rest = inestimable.count > 10 ? " and \(inestimable.count - 10) more" : ""
    let unconnected =
      pairs.isEmpty ? [] : ["No chain of seeds with results connects \(pairs.joined(separator: "; "))\(rest)."]
    let missing = sweep.variants.indices.filter { !model.variants.contains($0) }.map(label)
    let unmeasured =
      missing.isEmpty
      ? [] : ["Without a comparable result: \(FairnessAudit.listed(missing, limit: 10))."]
    let omitted = factorial?.omitted ?? []
    let interactions =
      omitted.isEmpty
      ? []
      : [
        "The runs cannot tell these interactions from other effects: "
          + FairnessAudit.listed(omitted.map(name(of:)), limit: 10) + "."
      ]
    return unconnected + unmeasured + interactions
  }

  // MARK: The comparisons

  /// A row a comparison.
  var comparisonTable: ReportTable {
    var notes = NoteList()
    let hasReference = comparesAllPairs || isPair
    let holm = HolmAdjustment.adjusted(comparisons.map(\.difference.pValue))
    let rows = zip(comparisons.indices, holm).map { index, holm -> ReportTable.Row in
      let comparison = comparisons[index]
      var numbers = [Int]()
      if let caveat = comparison.difference.caveatText(metric) {
        numbers.append(notes.number(for: label(comparison.variant), caveat))
      }
      return ReportTable.Row(
        [.string(sweep.variants[comparison.variant].label)]
          + (hasReference ? [.string(sweep.variants[comparison.reference].label)] : [])
          + cells(comparison, holm: holm, numbers, isOfTheseImages: imageMark(index, &notes)))
    }
    return ReportTable(
      kind: "comparisons",
      title: comparesAllPairs ? "All pairs" : isPair ? "The comparison" : "Comparisons with the baseline",
      columns: [.init("variant", fields: ["variant"], wraps: true)]
        + (hasReference ? [.init("against", fields: ["reference"], wraps: true)] : []) + comparisonColumns, rows: rows,
      numberedNotes: notes.texts)
  }

  private var comparisonColumns: [ReportTable.Column] {
    let name = metric.name
    return [
      .init(
        "Δ \(metric.titleWithUnit)",
        fields: [
          "\(name)_difference", "\(name)_difference_lower", "\(name)_difference_upper", "pairs", "method",
          "standard_error", "df", "caveat",
        ], alignment: .right, legend: "difference with its \(level) interval"),
      .init(
        "p", fields: ["p", "p_simultaneous", "p_holm"], alignment: .right, priority: 2,
        legend: options.coverage == .simultaneous && comparisons.count > 1
          ? "p-value that goes with the intervals of all comparisons at once" : "p-value of this comparison by itself"),
      .init(
        "verdict", fields: ["verdict", "is_preliminary"] + (images == nil ? [] : ["holds_for_these_images_only"]),
        legend:
          "what the interval says: better, worse, equivalent (within the smallest effect that matters) or undecided"),
      .init(
        "errors", fields: ["relative_error_change"], alignment: .right, priority: 4,
        legend: "relative change of the rate of errors"),
      .init(
        "g", fields: ["hedges_g", "hedges_g_lower", "hedges_g_upper"], alignment: .right, priority: 5,
        legend: "Hedges' g: the difference in standard deviations of a run's residual; CSV and JSON have its interval"),
      .init(
        "beats", fields: ["probability_to_beat", "better_pairs"], alignment: .right, priority: 3,
        legend: "chance that the variant beats the other where both have a random seed"),
      .init("health", fields: ["health"], priority: 1, wraps: true, legend: "what is odd about runs of either"),
    ]
  }

  private func cells(
    _ comparison: Comparison, holm: Double?, _ notes: [Int], isOfTheseImages: (value: [JSONValue], notes: [Int])
  ) -> [ReportTable.Cell] {
    let difference = comparison.difference
    let size = comparison.size
    // What cannot be judged has no standardized size either.
    let judged = difference.caveat == nil ? size : nil
    let interval = judged?.hedgesGInterval(level: options.confidenceLevel)
    let errors = size?.relativeErrorChange
    let p = difference.simultaneousPValue ?? difference.pValue
    let chance = judged?.anySeeds.modeled
    return [
      .init(
        text.difference(difference.mean, difference.interval),
        values: [
          .number(difference.mean), MetricText.number(difference.interval?.lower),
          MetricText.number(difference.interval?.upper), .integer(difference.pairCount),
          difference.method.map { .string($0.rawValue) } ?? .null, MetricText.number(difference.standardError),
          MetricText.number(difference.degreesOfFreedom),
          difference.caveatText(metric).map { .string($0) } ?? .null,
        ], role: comparison.verdict == .better ? .better : comparison.verdict == .worse ? .worse : nil, notes: notes),
      .init(
        p.map(NumberText.probability) ?? NumberText.missing,
        values: [
          MetricText.number(difference.pValue), MetricText.number(difference.simultaneousPValue),
          MetricText.number(holm),
        ]),
      .init(
        comparison.verdict.rawValue + (comparison.isPreliminary ? " (preliminary)" : ""),
        values: [.string(comparison.verdict.rawValue), .boolean(comparison.isPreliminary)] + isOfTheseImages.value,
        notes: isOfTheseImages.notes),
      .init(
        errors.map { NumberText.fixed(100 * $0, decimals: 1, signed: true) + " %" } ?? NumberText.missing,
        values: [MetricText.number(errors)]),
      .init(
        judged?.hedgesG.map { NumberText.fixed($0, decimals: 2, signed: true) } ?? NumberText.missing,
        values: [
          MetricText.number(judged?.hedgesG), MetricText.number(interval?.lower), MetricText.number(interval?.upper),
        ]),
      .init(
        chance.map(SweepAnalysis.percent) ?? NumberText.missing,
        values: [
          MetricText.number(chance), difference.betterCount(metric.direction).map { .integer($0) } ?? .null,
        ]),
      .init(
        comparison.health.joined(separator: ", "),
        values: [comparison.health.isEmpty ? .null : .string(comparison.health.joined(separator: ", "))]),
    ]
  }

  /// A chance in whole percent that is never rounded to certainty.
  static func percent(_ share: Double) -> String {
    share < 0.01 ? "<1 %" : share > 0.99 ? ">99 %" : NumberText.fixed(100 * share, decimals: 0) + " %"
  }

  private var metadata: [String: JSONValue] {
    var metadata = sweep.metadata(options)
    metadata["metric"] = .string(metric.name)
    metadata["registration"] = .string(registration.name)
    metadata["seeds_added_after_results"] = registration.additionsValue
    metadata["seed_rule"] = seedRuleValue
    metadata["model"] = .string(model.model.isPooled ? "blocked" : "paired")
    metadata["residual_sd"] = MetricText.number(
      model.variances.commonDegreesOfFreedom > 0 ? model.variances.commonVariance.squareRoot() : nil)
    metadata["residual_df"] = .integer(Int(model.variances.commonDegreesOfFreedom))
    metadata["moderated_variances"] = .array(
      model.variances.moderated.map { own in
        .object([
          "variant": .string(sweep.variants[model.variants[own.treatment]].label),
          "sd": .number(own.value.squareRoot()), "df": .number(own.degreesOfFreedom),
          "weight_of_others": .number(own.weightOfOthers), "p": .number(own.pValue),
          "is_excluded": .boolean(model.variances.excluded.contains(own.treatment)),
        ])
      })
    metadata["critical_value"] = MetricText.number(model.family?.criticalValue)
    metadata["smallest_difference"] = MetricText.number(smallestDifference)
    metadata["comparisons"] = .string(isPair ? "pair" : comparesAllPairs ? "all" : "baseline")
    metadata["multiplicity"] = nil
    metadata.merge(imageMetadata) { _, own in own }
    return metadata
  }
}
