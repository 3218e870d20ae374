extension [MetricComparisons] {
  /// Why differences are not judged by the model of variants and seeds, and what is to be known where they are, for all
  /// metrics at once where they share it.
  var modelNotes: [String] {
    let judged = filter { $0.comparisonCount > 1 }
    let reasons = judged.compactMap { comparisons in comparisons.model.reason.map { (comparisons.metric, $0) } }
    let cautious = judged.compactMap { comparisons in
      comparisons.model.caution(isBrief: true).map { (comparisons.metric, $0) }
    }
    let cautions = cautious.indices.compactMap { index -> String? in
      let text = cautious[index].1
      guard cautious.firstIndex(where: { $0.1 == text }) == index else { return nil }
      return "Of \(cautious.filter { $0.1 == text }.map(\.0.title).joined(separator: ", ")), \(text)."
    }
    guard let first = reasons.first else { return cautions }
    if reasons.count == count, reasons.allSatisfy({ $0.1 == first.1 }) {
      return ["Each difference is judged by its own pairs of runs: \(first.1)."]
    }
    return cautions
      + reasons.map { "Each difference of \($0.0.titleWithUnit) is judged by its own pairs of runs: \($0.1)." }
  }
}
