import Foundation
import LabCore
import LabRecords
import LabReport
import LabScheduler
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
    if let gone = absence(report) { throw rescued(from: gone) }
    try summarise(report, seconds: (ContinuousClock.now - start).secondCount, resumeCommand: resumeCommand, json: json)
    if let error = report.endingError ?? report.machineError { throw error }
    if report.stopRequest != .none, !report.hasFailedFast { return .interrupted }
    return report.isComplete ? nil : .someRunsFailed
  }

  /// What became of the database, where others cannot find in it what this sweep reports.
  private func absence(_ report: SchedulerReport) -> (any Error)? {
    if case RunStoreError.storeGone? = report.endingError { return report.endingError }
    do {
      try store.confirm(completed: report.results.filter { $0.value.isCompleted }.map(\.key))
    } catch RunStoreError.storeGone(let path, let problem) {
      return RunStoreError.storeGone(path: path, problem: problem)
    } catch {
      // Whatever else keeps the database from being read is told by those who need it.
    }
    return nil
  }

  /// Saves what the sweep still holds of a database that was taken away, says where, and returns the error to end with.
  private func rescued(from error: any Error) -> any Error {
    guard case RunStoreError.storeGone(let path, _) = error else { return error }
    let terminal = Terminal.standardError
    do {
      guard let copy = try store.rescue() else {
        terminal.note("what the sweep had stored is there: start it again with --results and that folder")
        return error
      }
      let folder = (path as NSString).deletingLastPathComponent
      terminal.note(
        "what the sweep had stored is saved in \(copy): rename that to \(StudyStore.databaseName), beside the folder "
          + "\(folder)/runs, and start the sweep again")
    } catch let failure {
      terminal.note("what the sweep had stored could not be saved: \(failure)")
    }
    return error
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
    for line in summary.lines(width: terminal.width, style: terminal.style) { terminal.write(styled: line + "\n") }
    let table = try SweepTables.table(snapshot)
    Terminal.standardOutput.write(table, as: json ? try TableFormats.named("json") : TableFormats.text)
  }
}
