import LabRecords

/// How many of a variant's runs are complete, and what became of the others.
public struct RunTally: Sendable, Hashable {
  /// The number of runs that the sweep plans.
  public private(set) var planned = 0
  /// The number of runs in each state.
  public private(set) var counts: [RunState: Int] = [:]
  /// The number of planned runs that the sweep knows nothing of.
  public private(set) var missing = 0
  /// What became of the runs that are not complete, such as `1 diverged (seed 1: loss NaN at epoch 2)`.
  public private(set) var problems: [String] = []
  /// Those of the problems that will not go away by themselves.
  private var failures: [String] = []

  /// Counts nothing.
  public init() {}

  /// Sums up the tallies of several variants.
  ///
  /// Failures are listed with the variant's label, other states only counted.
  ///
  /// - Parameter limit: how many failures are listed at the most.
  init(merging parts: [(label: String, tally: RunTally)], limit: Int = 5) {
    if parts.count == 1 {
      self = parts[0].tally
      return
    }
    for part in parts { addCounts(of: part.tally) }
    failures = parts.flatMap { part in part.tally.failures.map { part.label + ": " + $0 } }
    problems = stateSummary + failures.prefix(limit)
    if failures.count > limit { problems.append("and \(failures.count - limit) more") }
  }

  /// Counts a variant's runs.
  ///
  /// - Parameters:
  ///   - variant: the variant.
  ///   - seeds: the planned seeds.
  ///   - metrics: metrics that a completed run is expected to have.
  public init(_ variant: Variant, seeds: [UInt64], metrics: [String] = []) {
    let known = Set(variant.runs.map(\.seed))
    let unknown = seeds.filter { !known.contains($0) }
    planned = variant.runs.count + unknown.count
    missing = unknown.count
    let groups = Dictionary(grouping: variant.runs, by: \.state)
    counts = groups.mapValues(\.count)
    for state in [RunState.diverged, .failed, .interrupted, .running, .pending] {
      guard let runs = groups[state] else { continue }
      let problem = "\(runs.count) \(state.noteWord) (\(RunTally.details(runs)))"
      problems.append(problem)
      if state == .diverged || state == .failed { failures.append(problem) }
    }
    if missing > 0 { problems.append("\(missing) missing (\(RunTally.seedText(unknown)))") }
    for metric in metrics {
      let without = (groups[.completed] ?? []).filter { !($0.metrics[MetricName(metric)]?.isFinite ?? false) }.map(
        \.seed)
      guard !without.isEmpty else { continue }
      problems.append("\(metric) unknown for \(RunTally.seedText(without))")
      failures.append("\(metric) unknown for \(RunTally.seedText(without))")
    }
  }

  /// The number of completed runs.
  public var completed: Int { counts[.completed, default: 0] }

  /// The number of runs that ended without a result.
  public var unsuccessful: Int { counts[.failed, default: 0] + counts[.diverged, default: 0] }

  /// Completed of planned runs.
  public var text: String { "\(completed)/\(planned)" }

  /// Adds the counts of another tally, without what became of its runs.
  mutating func addCounts(of other: RunTally) {
    planned += other.planned
    missing += other.missing
    counts.merge(other.counts, uniquingKeysWith: +)
  }

  /// All states that are not completion with their counts, such as `1 diverged, 2 running`.
  var stateSummary: [String] {
    let states = [RunState.diverged, .failed, .interrupted, .running, .pending]
    return states.compactMap { state in counts[state].map { "\($0) \(state.noteWord)" } }
      + (missing > 0 ? ["\(missing) missing"] : [])
  }

  /// The reason of each run, with the seeds that share it.
  private static func details(_ runs: [Run]) -> String {
    var reasons = [String]()
    var seeds = [String: [UInt64]]()
    for run in runs {
      let reason = run.noteText
      if seeds[reason] == nil { reasons.append(reason) }
      seeds[reason, default: []].append(run.seed)
    }
    return reasons.map { reason in
      seedText(seeds[reason] ?? []) + (reason.isEmpty ? "" : ": " + reason)
    }.joined(separator: "; ")
  }

  private static func seedText(_ seeds: [UInt64]) -> String {
    (seeds.count == 1 ? "seed " : "seeds ") + NumberText.ranges(seeds)
  }
}

extension RunState {
  /// The state as a table's note says it.
  var noteWord: String { self == .pending ? "not started" : rawValue }
}

extension Run {
  /// Why or where the run stands, in at most one line.
  fileprivate var noteText: String {
    let progress = "after \(completedEpochs) of \(plannedEpochs) epochs"
    let reason = self.reason.map(\.singleLine).flatMap { $0.isEmpty ? nil : $0.truncated(to: 160) }
    switch state {
    case .completed, .pending: return reason ?? ""
    case .running: return progress
    case .interrupted: return reason.map { progress + ", " + $0 } ?? progress
    case .failed, .diverged: return reason ?? progress
    }
  }
}
