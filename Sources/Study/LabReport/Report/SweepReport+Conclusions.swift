import LabRecords
import LabStats

extension SweepReport {
  /// What is concluded of each comparison, in the order of the variants.
  var conclusions: [Conclusion] {
    analysis.comparisons.indices.map { index in
      let comparison = analysis.comparisons[index]
      return Conclusion(
        analysis.label(comparison.variant), reference: analysis.label(comparison.reference), metric: metric,
        difference: comparison.difference.mean, interval: comparison.difference.interval,
        intervalWithImages: analysis.images?.comparisons[index]?.interval, smallestEffect: smallestEffect,
        caveat: comparison.difference.caveatText(metric))
    }
  }

  /// How many sentences of a verdict are shown before the rest is folded.
  private static let shownSentences = 12

  var conclusionBlocks: [ReportPage.Block] {
    let conclusions = conclusions
    guard !conclusions.isEmpty else { return [.paragraph(noConclusion)] }
    var blocks: [ReportPage.Block] = [
      .paragraph(([leadSentence(conclusions)] + analysis.imageCaution + cautions).joined(separator: " "))
    ]
    let groups: [(verdict: Verdict, role: Style.Role)] = [
      (.better, .better), (.worse, .worse), (.equivalent, .best), (.undecided, .faint),
    ]
    for group in groups {
      var members = conclusions.filter { $0.verdict == group.verdict }
      // The largest differences come first.
      members.sort { abs($0.difference) > abs($1.difference) }
      let items = members.map { ReportPage.Item(sentence(of: $0), role: group.role) }
      guard !items.isEmpty else { continue }
      blocks.append(.list(Array(items.prefix(SweepReport.shownSentences))))
      let rest = Array(items.dropFirst(SweepReport.shownSentences))
      if !rest.isEmpty { blocks.append(.details("\(rest.count) more \(group.verdict.rawValue)", [.list(rest)])) }
    }
    let missing = analysis.comparesAllPairs ? [] : withoutConclusion
    if !missing.isEmpty { blocks.append(.list(missing.map { .init($0, role: .failure) })) }
    return blocks
  }

  private var noConclusion: String {
    "Nothing is concluded yet: there are no two variants with results in \(metric.proseTitle) that could be compared."
  }

  /// How many variants are better, worse, equivalent and undecided.
  private func leadSentence(_ conclusions: [Conclusion]) -> String {
    let counts = [Verdict.better, .worse, .equivalent, .undecided].compactMap { verdict -> String? in
      let count = conclusions.count { $0.verdict == verdict }
      if count == 0, verdict == .equivalent { return nil }
      return "\(count == 0 ? "none" : "\(count)") \(count > 1 ? "are" : "is") \(verdict.rawValue)"
    }
    let subject =
      analysis.comparesAllPairs
      ? conclusions.count == 1 ? "One pair of variants is compared" : "All \(conclusions.count) pairs are compared"
      : "\(conclusions.count == 1 ? "One variant is" : "\(conclusions.count) variants are") compared with "
        + conclusions[0].reference
    let hold =
      options.coverage == .simultaneous && conclusions.count > 1
      ? " All these statements hold at once with \(NumberText.percentage(options.confidenceLevel)) confidence." : ""
    return "\(subject) in \(metric.proseTitle): \(counts.inWords).\(hold)"
  }

  /// What weakens all conclusions alike.
  private var cautions: [String] {
    var cautions = [String]()
    if isPreliminaryThroughout {
      cautions.append(
        "All of it is preliminary: in every variant, runs were still improving when their training ended.")
    }
    let hasSmallEffect = smallestEffect != nil
    if !hasSmallEffect {
      cautions.append(
        "Undecided is not the same as equal: no smallest effect that matters was named, so that nothing can be called "
          + "equivalent.")
    }
    return cautions
  }

  private var improving: Set<String> {
    Set(sweep.variants.filter { $0.runs.contains(where: \.isPreliminary) }.map { $0.label.singleLine })
  }

  private var isPreliminaryThroughout: Bool {
    let finished = sweep.variants.filter { $0.runs.contains { $0.state == .completed } }
    return !finished.isEmpty && finished.allSatisfy { improving.contains($0.label.singleLine) }
  }

  /// The sentence, with what weakens this conclusion.
  private func sentence(of conclusion: Conclusion) -> String {
    guard !isPreliminaryThroughout else { return conclusion.sentence }
    let names = [conclusion.subject, conclusion.reference].filter(improving.contains)
    guard !names.isEmpty else { return conclusion.sentence }
    return conclusion.sentence
      + " Preliminary: runs of \(names.inWords) were still improving when their training ended."
  }

  /// Why there is no conclusion about other variants, a sentence each.
  private var withoutConclusion: [String] {
    table.rows.filter { !$0.isBaseline && $0.results[0].difference == nil }.map { row in
      let reason =
        row.results[0].incomparability
        ?? (row.tally.problems.isEmpty ? nil : row.tally.problems.joined(separator: "; "))
      return "Nothing can be said of \(row.label.singleLine): \(reason ?? "it has no result in \(metric.proseTitle)")."
    }
  }
}
