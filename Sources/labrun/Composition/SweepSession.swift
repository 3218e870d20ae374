import Foundation
import LabCore
import LabReport
import LabStore
import LabStudy

/// One execution of `labrun sweep`: registers, trains, reports.
struct SweepSession {
  private let study: PlannedStudy
  private let store: StudyStore
  private let scheduler: Scheduler
  private let sweep: StoredSweep

  init(
    study: PlannedStudy, laboratory: Laboratory, folder: String, workers: Int, threads: Int, memoryBudget: Int,
    claimPolicy: ClaimPolicy, failsFast: Bool, checkpointSeconds: Double?
  ) throws {
    self.study = study
    store = try StudyStore(folder: folder)
    let previous = try store.newestSweep(named: study.plan.name)
    let registration = study.registration
    sweep = try store.register(registration)
    if let previous, previous.id != sweep.id {
      let comparison = PlanComparison(from: try store.registration(sweep: previous.id), to: registration)
      for line in comparison.summaryLines() { Terminal.standardError.note(line) }
    }
    scheduler = Scheduler(
      store: store,
      executor: TrainingRunExecutor(
        laboratory: laboratory, store: store, provenance: ProvenanceCollector(specHash: study.specHash),
        checkpointSeconds: checkpointSeconds),
      options: .init(
        workers: workers, threadsPerRun: threads, memoryBudgetBytes: memoryBudget, failsFast: failsFast,
        policy: claimPolicy))
  }

  /// Trains, prints the summary and the table, and returns the exit status where it is not success.
  func run(resumeCommand: String, json: Bool) throws -> ExitStatus? {
    let stop = StopSignal()
    let runs = study.scheduledRuns
    let display = SweepDisplay(
      name: study.plan.name, runs: runs, work: study.work, workers: scheduler.options.workers,
      terminal: .standardError)
    let interrupts = InterruptHandler(raising: stop) { request in
      display.say(
        request == .afterStep
          ? "stopping after the current step and a checkpoint; Ctrl-C again to stop at once"
          : "stopping at once; the next start goes on from the last checkpoints")
    }
    let start = ContinuousClock.now
    let report = withExtendedLifetime(interrupts) {
      scheduler.run(runs, sweep: sweep.id, stop: stop, observer: display)
    }
    display.close()
    try summarise(report, seconds: (ContinuousClock.now - start).secondCount, resumeCommand: resumeCommand, json: json)
    if let error = report.endingError ?? report.machineError { throw error }
    if report.stopRequest != .none, !report.hasFailedFast { return .interrupted }
    return report.isComplete ? nil : .someRunsFailed
  }

  private func summarise(
    _ report: SchedulerReport, seconds: Double, resumeCommand: String, json: Bool
  ) throws {
    var snapshot = try store.snapshot(sweep: sweep.id)
    // Where the store cannot be written, it says of this process's runs that they are still being trained.
    for (variant, content) in snapshot.variants.enumerated() where report.endingError != nil {
      for (index, run) in content.runs.enumerated()
      where run.state == .running && report.results[run.identity] == .lost {
        snapshot.variants[variant].runs[index].state = .interrupted
      }
    }
    let resumed = try report.results.count { identity, result in
      guard case .ended(.completed) = result else { return false }
      let events = try store.events(of: identity)
      return events.contains { $0.kind == .resumed && $0.attempt == events.last?.attempt }
    }
    let summary = SweepSummary(
      snapshot: snapshot, trained: report.trainedCount - resumed, resumed: resumed, reused: report.reusedCount,
      elapsedSeconds: seconds,
      isInterrupted: report.stopRequest != .none && !report.hasFailedFast, resumeCommand: resumeCommand)
    let terminal = Terminal.standardError
    for line in summary.lines(width: terminal.width, style: terminal.style) { terminal.note(line) }
    let table = try SweepTables.table(snapshot)
    let output = Terminal.standardOutput
    output.write(
      table.rendered(
        as: json ? try TableFormats.named("json") : TableFormats.text,
        options: .init(width: output.width, style: output.style)))
  }
}
