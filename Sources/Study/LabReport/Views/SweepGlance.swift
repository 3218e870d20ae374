import Foundation
import LabCore
import LabRecords
import LabStats

/// What is seen of a sweep at a glance: how far it is, how long it will take, what its variants do and what follows.
package struct SweepGlance: Sendable {
  /// The share of the planned epochs that need not be trained any more, from 0 to 1.
  package var progress: Double
  /// The time until its running processes have trained what is left, in seconds; nil where nothing runs, or nobody knows yet.
  package var remainingSeconds: Double?
  /// How many runs failed.
  package var failed: Int
  /// How many runs diverged.
  package var diverged: Int
  /// How many completed runs have something odd about their course.
  package var odd: Int
  /// The title of the metric that results are shown in.
  package var metricTitle: String?
  /// The mean of the metric of each variant in the order of the plan, with its text; nil without a result.
  package var means: [(label: String, value: Double?, text: String)]

  /// Looks at a sweep.
  package init(_ sweep: Sweep) {
    let runs = sweep.runs
    let planned = runs.reduce(0) { $0 + $1.plannedEpochs }
    let done = runs.reduce(0.0) {
      $0 + ($1.state.isTerminal ? Double($1.plannedEpochs) : min($1.epochsDone, Double($1.plannedEpochs)))
    }
    progress = planned > 0 ? done / Double(planned) : 0
    failed = runs.count { $0.state == .failed }
    diverged = runs.count { $0.state == .diverged }
    odd = runs.count { $0.state == .completed && !$0.health.isEmpty }
    remainingSeconds = sweep.remainingSeconds
    let metric = try? AnalysisOptions().metric(of: sweep)
    metricTitle = metric?.titleWithUnit
    let values = sweep.variants.map { variant -> Double? in
      let values = metric.map { variant.values(of: $0.name).sorted { $0.key < $1.key }.map(\.value) } ?? []
      return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
    let decimals = metric?.decimals(for: values.lazy.compactMap { $0 }) ?? 2
    means = zip(sweep.variants, values).map { variant, value in
      (variant.label.singleLine, value, value.flatMap { metric?.text($0, decimals: decimals) } ?? NumberText.missing)
    }
  }
}

extension SweepReport {
  /// What is concluded in a few words, such as `spd better, +1.20 points; 2 undecided`; nil where nothing is compared yet.
  package var verdictText: String? {
    guard !conclusions.isEmpty else { return nil }
    let text = MetricText(metric, values: table.rows.lazy.compactMap { $0.results[0].mean })
    let best = conclusions.filter { $0.verdict == .better }.max { abs($0.difference) < abs($1.difference) }
    let counts = [Verdict.better, .worse, .equivalent, .undecided].compactMap { verdict -> String? in
      let count = conclusions.count { $0.verdict == verdict }
      return count == 0 ? nil : "\(count) \(verdict.rawValue)"
    }
    let lead = best.map { "\($0.subject): \(text.signed($0.difference))\(text.unit)" }
    return ([lead].compactMap { $0 } + [counts.joined(separator: ", ")]).joined(separator: "; ")
  }

  /// Conclusions and figures, as far as they need nothing beside the records that the report has.
  package var overview: [ReportPage.Section] {
    [
      ReportPage.Section("conclusions", title: "Conclusions", conclusionBlocks + figures("forest")),
      .init("figures", title: "Figures", figures("seeds") + figures("curves")),
    ].filter { !$0.blocks.isEmpty }
  }
}

extension Sweep {
  /// The time until all runs have ended, as long as so many are trained at a time as now; nil where nothing is trained, and
  /// before the first epoch of processes that tell nothing of their steps.
  ///
  /// The epochs that are left take as long as those of their variant did, or else as those of all, or else as those that are
  /// under way seem to.
  package var remainingSeconds: Double? {
    var known: Set<RunIdentity> = []
    let runs = variants.map { variant in variant.runs.filter { known.insert($0.identity).inserted } }
    let running = runs.joined().count { $0.state == .running }
    guard running > 0 else { return nil }
    func pace(_ runs: [Run]) -> Double? {
      let timed = runs.filter { $0.completedEpochs > 0 && ($0.trainSeconds ?? 0) > 0 }
      let epochs = timed.reduce(0) { $0 + $1.completedEpochs }
      guard epochs == 0 else { return timed.reduce(0) { $0 + ($1.trainSeconds ?? 0) } / Double(epochs) }
      let told = runs.compactMap { run -> (seconds: Double, epochs: Double)? in
        guard let progress = run.progress, let seconds = progress.remainingSeconds else { return nil }
        let left = Double(progress.epochs) - progress.epochsDone
        return left > 0 && seconds.isFinite ? (seconds, left) : nil
      }
      return told.isEmpty ? nil : told.reduce(0) { $0 + $1.seconds } / told.reduce(0) { $0 + $1.epochs }
    }
    guard let usual = pace(Array(runs.joined())) else { return nil }
    let seconds = runs.reduce(0.0) { sum, runs in
      let left = runs.reduce(0.0) { $0 + ($1.state.isTerminal ? 0 : max(0, Double($1.plannedEpochs) - $1.epochsDone)) }
      return sum + left * (pace(runs) ?? usual)
    }
    return seconds / Double(running)
  }

  /// Every run with the label of its variant, in the order of the plan.
  package var labeledRuns: [(variant: String, run: Run)] {
    variants.flatMap { variant in variant.runs.map { (variant.label.singleLine, $0) } }
  }
}
