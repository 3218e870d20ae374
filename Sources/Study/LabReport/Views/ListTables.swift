import Foundation
import LabCore
import LabRecords

/// Lists of what a store holds.
public enum ListTables {
  /// Sweeps with how far they are.
  public static func sweeps(_ sweeps: [Sweep]) -> ReportTable {
    ReportTable(
      kind: "sweeps", title: "Sweeps",
      columns: [
        .init("sweep", fields: ["sweep"], alignment: .right), .init("name", fields: ["name"], wraps: true),
        .init("started (UTC)", fields: ["created_at"], priority: 3),
        .init("variants", fields: ["variants"], alignment: .right, priority: 2),
        .init("seeds", fields: ["seeds"], alignment: .right, priority: 2),
        .init("runs", fields: RunTally.fields, alignment: .right, legend: "completed of planned runs"),
        .init("state", fields: ["state"], priority: 1, wraps: true),
      ],
      rows: sweeps.map { sweep in
        var tally = RunTally()
        for variant in sweep.variants { tally.addCounts(of: RunTally(variant, seeds: sweep.seeds)) }
        let standing = tally.stateSummary.isEmpty ? "complete" : tally.stateSummary.joined(separator: ", ")
        let state = sweep.imported.map { "\(standing), imported from \($0.sources[0].name)" } ?? standing
        return .init([
          sweep.id.map { .init("\($0)", values: [.integer(Int($0))]) } ?? .missing(), .string(sweep.name),
          sweep.createdAt.map { .init(minute($0), values: [.string($0.ISO8601Format())]) } ?? .missing(),
          .init("\(sweep.variants.count)", values: [.integer(sweep.variants.count)]),
          .init("\(sweep.seeds.count)", values: [.integer(sweep.seeds.count)]), tally.cell(), .string(state),
        ])
      })
  }

  /// The runs of a sweep with their state, each metric and what went wrong.
  ///
  /// - Parameters:
  ///   - sweep: the sweep.
  ///   - names: the metrics; nil for those that the sweep has.
  ///   - jobs: the jobs that a cluster has of runs, by the first digits of the runs' identities.
  ///   - showsProgress: whether there is a column for what running runs are about, where their processes tell it.
  /// - Throws: ``ReportError/unknownMetric(_:available:)``.
  public static func runs(
    _ sweep: Sweep, metrics names: [String]? = nil, jobs: [String: String] = [:], showsProgress: Bool = true
  ) throws(ReportError) -> ReportTable {
    let metrics = try MetricDescription.select(names, available: sweep.metricNames, own: sweep.ownMetrics)
    let values = metrics.map { metric in
      sweep.variants.flatMap { variant in variant.runs.compactMap { $0.metrics[MetricName(metric.name)] } }
    }
    let decimals = zip(metrics, values).map { $0.decimals(for: $1) }
    let showsProgress = showsProgress && sweep.variants.contains { $0.runs.contains { $0.progress != nil } }
    let now = Date()
    return ReportTable(
      kind: "runs", title: sweep.reportTitle,
      columns: [
        .init("run", fields: ["run"]), .init("variant", fields: ["variant"], wraps: true),
        .init("seed", fields: ["seed"], alignment: .right), .init("state", fields: ["state"]),
        .init("epochs", fields: ["epochs_completed", "epochs_planned"], alignment: .right, priority: 2),
      ]
        + (showsProgress ? [.init("now", fields: ["progress"], priority: 2, wraps: true)] : [])
        + (jobs.isEmpty ? [] : [.init("job", fields: ["job"], priority: 1, wraps: true)])
        + metrics.enumerated().map { index, metric in
          .init(metric.titleWithUnit, fields: [metric.name], alignment: .right, priority: index + 2)
        } + [
          .init("train", "time", fields: ["train_seconds"], alignment: .right, priority: 1001),
          .init("reason", fields: ["reason"], priority: 1, wraps: true),
        ],
      rows: sweep.variants.flatMap { variant in
        variant.runs.map { row($0, variant.label, metrics, decimals, jobs, progressAt: showsProgress ? now : nil) }
      }, notes: metrics.compactMap { sweep.lossNote($0, sweep.variants) })
  }

  /// - Parameter now: the time that progress is shown at; nil where no run has any.
  private static func row(
    _ run: Run, _ variant: String, _ metrics: [MetricDescription], _ decimals: [Int], _ jobs: [String: String],
    progressAt now: Date?
  ) -> ReportTable.Row {
    let role: Style.Role? =
      switch run.state {
      case .completed: nil
      case .pending: .faint
      case .running: .better
      case .interrupted: .warning
      case .failed, .diverged: .failure
      }
    return .init(
      [
        .init(run.identity.short, values: [.string(run.identity.description)]), .string(variant),
        .init("\(run.seed)", values: [JSONValue(seed: run.seed)]),
        .init(run.state.noteWord, values: [.string(run.state.rawValue)], role: role),
        .init(
          "\(run.completedEpochs)/\(run.plannedEpochs)",
          values: [.integer(run.completedEpochs), .integer(run.plannedEpochs)]),
      ]
        + (now.map {
          [.init(run.progressParts(at: $0).dropFirst().joined(separator: " · "), values: [run.progressJSON])]
        }
          ?? [])
        + (jobs.isEmpty ? [] : [jobs[run.identity.short].map { .string($0) } ?? .init("", values: [.null])])
        + zip(metrics, decimals).map { metric, decimals in
          run.metrics[MetricName(metric.name)].map { .init(metric.text($0, decimals: decimals), values: [.number($0)]) }
            ?? .missing()
        } + [
          run.trainSeconds.map { .init(NumberText.seconds($0), values: [.number($0)]) } ?? .missing(),
          run.reason.map { .string($0) } ?? .init("", values: [.null]),
        ])
  }

  /// A time to the minute.
  private static func minute(_ date: Date) -> String {
    String(date.ISO8601Format().prefix(16)).replacing("T", with: " ")
  }
}
