import LabRecords
import LabStats

/// Which of several results are the best and the second best beyond chance.
///
/// The best leads all others, and the second best all but the best, each without failed runs; there is a second best only
/// beside a best one. A lead is beyond chance where the model says so, or where pairs decide, where the interval of the
/// paired difference to the next best mean excludes 0.
struct Leaders {
  /// One of the results.
  struct Candidate {
    /// The mean; nil without a result.
    var mean: Double?
    /// Whether a run has ended without a result.
    var hasFailures: Bool
  }

  /// The position of the best; nil where none leads beyond chance.
  private(set) var best: Int?
  /// The position of the second best; nil where none leads the rest beyond chance.
  private(set) var second: Int?
  /// Why there is no best; nil where there is one, or where there is nothing to choose from.
  private(set) var reason: String?

  private let metric: MetricDescription
  private let options: ReportOptions
  private let candidates: [Candidate]
  /// What the results are called, such as `variant`.
  private let noun: String
  /// Whether one leads others beyond chance by the model; nil where pairs decide.
  private let modelLead: (_ leader: Int, _ rivals: [Int]) -> Bool?
  /// The paired difference of one to another; nil without pairs.
  private let pairedLead: (_ leader: Int, _ rival: Int) -> PairedDifference?

  init(
    _ candidates: [Candidate], of metric: MetricDescription, noun: String, options: ReportOptions,
    modelLead: @escaping (_ leader: Int, _ rivals: [Int]) -> Bool?,
    pairedLead: @escaping (_ leader: Int, _ rival: Int) -> PairedDifference?
  ) {
    (self.candidates, self.metric, self.noun, self.options) = (candidates, metric, noun, options)
    (self.modelLead, self.pairedLead) = (modelLead, pairedLead)
    let ranked = candidates.indices.filter { candidates[$0].mean != nil }.sorted { first, second in
      guard let a = candidates[first].mean, let b = candidates[second].mean else { return false }
      return metric.isBetter(a, than: b)
    }
    guard metric.direction != .neutral, ranked.count > 1 else { return }
    reason = obstacle(ranked[0], Array(ranked.dropFirst()))
    guard reason == nil else { return }
    best = ranked[0]
    guard ranked.count > 2, obstacle(ranked[1], Array(ranked.dropFirst(2))) == nil else { return }
    second = ranked[1]
  }

  /// What keeps a lead over others, the next best first, from being beyond chance; nil where nothing does.
  private func obstacle(_ leader: Int, _ rivals: [Int]) -> String? {
    guard !candidates[leader].hasFailures else { return "the \(noun) with the best mean has failed runs" }
    let level = NumberText.percentage(options.confidenceLevel)
    if let isLeading = modelLead(leader, rivals) {
      guard !isLeading else { return nil }
      return options.coverage == .simultaneous
        ? "no lead over all others has \(level) intervals that exclude 0 at once"
        : "no lead over the others has \(level) intervals that exclude 0"
    }
    let leads = rivals.map { pairedLead(leader, $0) }
    guard let first = leads.first ?? nil else { return "the two best means have no seed in common" }
    let lead = BaselineDifference(first, options: options)
    if let caveat = lead.caveatText(metric) { return "the lead over the runner-up cannot be judged: \(caveat)" }
    guard lead.role(metric.direction) == .better else {
      return "no lead over the runner-up has a \(level) interval that excludes 0"
    }
    // With missing runs, means are over different seeds, and the second best mean need not be the strongest rival.
    guard leads.allSatisfy({ $0.map { metric.isBetter($0.mean, than: 0) } ?? true }) else {
      return "over the seeds that both have, another \(noun) is ahead of the best mean"
    }
    if options.multiplicity == .holm {
      let adjusted = HolmAdjustment.adjusted(leads.map { $0?.caveat == nil ? $0?.pValue : nil })
      guard let pValue = adjusted.first ?? nil, pValue < 1 - options.confidenceLevel else {
        return "no lead over the runner-up is beyond chance once adjusted for the number of comparisons"
      }
    }
    return nil
  }
}

extension Leaders {
  /// What the marks of a table mean.
  ///
  /// - Parameters:
  ///   - results: those that are shown.
  ///   - isModel: whether the model of variants and seeds has judged any of them.
  ///   - options: what was asked for.
  static func notes(_ results: [MetricResult], isModel: Bool, options: ReportOptions) -> [String] {
    guard results.contains(where: \.isBest) else { return [] }
    let level = NumberText.percentage(options.confidenceLevel)
    let best =
      isModel
      ? "A marked value is the best: the \(level) intervals of its differences to all others lie wholly on the better "
        + "side of 0\(options.coverage == .simultaneous ? " at once" : "")."
      : "A marked value is the best: the \(level) interval of its paired difference to the runner-up lies wholly on the "
        + "better side of 0."
    guard results.contains(where: \.isSecondBest) else { return [best] }
    return [
      best,
      "The second mark (underlined, in italics, or †) is the second best: by the same rule, it leads all others but the best.",
    ]
  }

  /// Why no value of some metrics is marked, for all at once where they share the reason.
  static func unmarkedNotes(_ metrics: [MetricDescription], _ reasons: [String?]) -> [String] {
    let found = zip(metrics, reasons).compactMap { metric, reason in reason.map { (metric, $0) } }
    if found.count == metrics.count, let first = found.first, found.allSatisfy({ $0.1 == first.1 }) {
      return ["No value is marked as best: \(first.1)."]
    }
    return found.map { "No value of \($0.0.titleWithUnit) is marked as best: \($0.1)." }
  }
}
