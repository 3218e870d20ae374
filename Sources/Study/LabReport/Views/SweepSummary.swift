import LabCore
import LabRecords

/// What is said when a sweep ends.
public struct SweepSummary: Sendable {
  /// The sweep as it is now.
  public var sweep: Sweep
  /// The number of runs trained from their start to their end now.
  public var trained: Int
  /// The number of runs taken up from a checkpoint.
  public var resumed: Int
  /// The number of runs that were complete before.
  public var reused: Int
  /// The time that it took, in seconds.
  public var elapsedSeconds: Double
  /// Whether it was interrupted.
  public var isInterrupted: Bool
  /// The command that goes on where this sweep stopped.
  public var resumeCommand: String?
  /// The command that writes the report.
  public var reportCommand: String?
  /// What was asked for; nil for the whole sweep.
  public var part: Part?

  /// A part of a sweep's runs.
  public struct Part: Sendable {
    /// The part among those that the sweep was dealt into.
    public var shard: Shard
    /// Its runs.
    public var runs: Set<RunIdentity>

    /// Creates a part.
    public init(shard: Shard, runs: Set<RunIdentity>) {
      self.shard = shard
      self.runs = runs
    }
  }

  /// Creates a summary.
  public init(
    sweep: Sweep, trained: Int, resumed: Int = 0, reused: Int = 0, elapsedSeconds: Double,
    isInterrupted: Bool = false, resumeCommand: String? = nil, reportCommand: String? = nil,
    part: Part? = nil
  ) {
    self.sweep = sweep
    self.trained = trained
    self.resumed = resumed
    self.reused = reused
    self.elapsedSeconds = elapsedSeconds
    self.isInterrupted = isInterrupted
    self.resumeCommand = resumeCommand
    self.reportCommand = reportCommand
    self.part = part
  }

  /// The summary in lines of at most a width; those that ask for attention are coloured.
  public func lines(width: Int = 120, style: Style = .plain) -> [String] {
    sentences.flatMap { text, role, indent in
      text.wrapped(to: width - indent, hangingIndent: 2).map {
        String(repeating: " ", count: indent) + style.apply(role, to: $0)
      }
    }
  }

  private func isAskedFor(_ run: Run) -> Bool { part?.runs.contains(run.identity) ?? true }

  /// Counts the runs for which a condition holds; runs that the sweep plans and knows nothing of are asked for.
  private func tally(_ isCounted: (Run) -> Bool) -> RunTally {
    var total = RunTally()
    for variant in sweep.variants {
      var counted = variant
      counted.runs = variant.runs.filter(isCounted)
      total.addCounts(of: RunTally(counted, seeds: part == nil ? sweep.seeds : counted.runs.map(\.seed)))
    }
    return total
  }

  private var sentences: [(text: String, role: Style.Role?, indent: Int)] {
    let total = tally(isAskedFor)
    let work = [(trained, "trained"), (resumed, "resumed"), (reused, "reused")]
      .filter { $0.0 > 0 }.map { "\($0) \($1)" }.joined(separator: ", ")
    let states = total.stateSummary.map { ", " + $0 }.joined()
    let first =
      "\(sweep.name.singleLine)\(part.map { ", shard \($0.shard)" } ?? "")\(isInterrupted ? " was interrupted" : ""): \(total.completed) of \(total.planned) runs completed"
      + (work.isEmpty ? "" : " (\(work))") + states + ", in " + NumberText.remaining(elapsedSeconds)
    var sentences: [(text: String, role: Style.Role?, indent: Int)] = [
      (first, isInterrupted ? .warning : .heading, 0)
    ]
    for variant in sweep.variants {
      for run in variant.runs where (run.state == .failed || run.state == .diverged) && isAskedFor(run) {
        let reason = run.reason.map { ": " + $0.singleLine } ?? ""
        sentences.append(("\(variant.label.singleLine), seed \(run.seed) \(run.state.rawValue)\(reason)", .failure, 2))
      }
    }
    if let health = sweep.healthSummary { sentences.append((health, .warning, 0)) }
    let unfinished = total.planned - total.completed - total.unsuccessful
    if unfinished > 0, let resumeCommand {
      sentences.append(
        ("To go on with the \(unfinished) \(unfinished == 1 ? "run" : "runs") left: \(resumeCommand)", nil, 0))
    }
    if total.unsuccessful > 0, let resumeCommand {
      let runs = total.unsuccessful == 1 ? "run" : "runs"
      sentences.append(
        ("To try the \(total.unsuccessful) unsuccessful \(runs) again: \(resumeCommand) --retry-failed", nil, 0))
    }
    let others = part == nil ? RunTally() : tally { !isAskedFor($0) }
    if others.planned > 0 {
      let runs = others.planned == 1 ? "1 run is" : "\(others.planned) runs are"
      sentences.append(
        (
          "\(runs) of other shards, \(others.completed) of them completed here: labrun merge takes them from where they are "
            + "trained", nil, 0
        ))
    }
    if unfinished == 0, others.planned == others.completed, total.completed > 0, let reportCommand {
      sentences.append(("For conclusions and figures in one page: \(reportCommand)", nil, 0))
    }
    return sentences
  }
}
