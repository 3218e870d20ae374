import Foundation
import LabCore
import LabExchange
import LabRecords
import LabReport
import LabScheduler
import LabStore
import LabStudy

/// One execution of a study: registers it, trains what it asks for, and tells what became of it.
package struct SweepSession {
  let study: PlannedStudy
  let store: StudyStore
  private let scheduler: Scheduler
  let sweep: StoredSweep
  /// When seeds stop being added; nil where none are.
  let seedRule: SeedRule?
  /// What keeps an MLflow server up to date; nil where the spec names none.
  private let mlflow: MLflowMirror?
  /// What differs from the newest sweep of the same name, a sentence each.
  package let changes: [String]

  package init(
    study: PlannedStudy, seedRule: SeedRule? = nil, folder: String, workers: Int, threads: Int, memoryBudget: Int,
    claimPolicy: ClaimPolicy, failsFast: Bool, retries: Int = 0, checkpointSeconds: Double?,
    keepsCheckpoints: Bool = true,
    executor: ExecutorDefinition = TrainingRunExecutor.definition, executorOptions: JSONValue = [:],
    leaving: LeavingPolicy = LeavingPolicy(),
    writesEventFiles: Bool = false,
    mlflow address: MLflowAddress? = nil, heartbeatInterval: Duration = .seconds(15),
    say: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    self.study = study
    self.seedRule = seedRule
    store = try StudyStore(folder: folder, options: .init(keepsCheckpoints: keepsCheckpoints))
    let previous = try store.newestSweep(named: study.plan.name)
    let planned = study.sweep
    sweep = try store.register(planned)
    if let seedRule { try store.register(seedRule, sweep: sweep.id) }
    if let part = study.part { try store.register(part.shard, sweep: sweep.id) }
    changes =
      if let previous, previous.id != sweep.id {
        PlanComparison(from: try store.sweep(previous.id), to: planned).summaryLines()
      } else {
        []
      }
    let training = TrainingRunExecutor(
      variants: study.reaching(seedRule).variantsByRun.compactMapValues { ($0 as? CompiledVariant)?.trainable },
      provenance: ProvenanceCollector(specHash: study.specHash),
      checkpointSeconds: checkpointSeconds,
      pool: ProgramPool(beside: workers, of: study.scheduledRuns, memoryBudget: memoryBudget))
    var followed: any RunStore = store
    if writesEventFiles {
      let mirror = TensorBoardMirror(folder: SweepEventFiles(results: folder, name: sweep.name, id: sweep.id).path)
      followed = MirroredRunStore(followed, sweep: sweep.id, mirror: mirror, say: say)
    }
    mlflow = address.map { [store, sweep] in MLflowMirror($0, store: store, sweep: sweep.id, say: say) }
    if let mlflow { followed = MirroredRunStore(followed, sweep: sweep.id, mirror: mlflow, say: say) }
    if !executor.isRemote { try SweepSession.refuseRunsElsewhere(study, results: folder) }
    let whole = study.reaching(seedRule)
    let programs = whole.variantsByRun.compactMapValues { $0 as? ProgramVariant }
    let expect = executor.isRemote ? whole.expectations(threads: threads) : PlannedStudy.expectsNothing
    let environment = ExecutorEnvironment(
      options: executorOptions, name: sweep.name, specHash: study.specHash,
      specFolder: (study.source.path as NSString).deletingLastPathComponent,
      checkpointSeconds: checkpointSeconds, store: followed, results: folder, training: training,
      programs: programs,
      leaving: leaving, expect: expect, say: say)
    scheduler = Scheduler(
      store: followed, executor: try executor.make(environment),
      options: .init(
        workers: workers, threadsPerRun: threads, memoryBudgetBytes: executor.isRemote ? nil : memoryBudget,
        failsFast: failsFast,
        retries: retries, policy: claimPolicy, heartbeatInterval: heartbeatInterval))
  }

  /// Refuses to train runs here that a cluster may be training.
  private static func refuseRunsElsewhere(_ study: PlannedStudy, results: String) throws {
    let elsewhere = CapsuleShelf(results: results).runsElsewhere()
    guard let run = study.runs.first(where: { elsewhere.contains($0.identity.short) }) else { return }
    throw WorkbenchError(
      "run \(run.identity.short) (\(run.cell.variant.label) · seed \(run.cell.seed)) was handed to Slurm, which may be training it: --executor slurm "
        + "follows it on, and with --cancel ends it; where the cluster is no more, removing \(results)/capsules gives it up"
    )
  }

  /// The name of the study.
  package var name: String { study.plan.name }
  /// Runs at a time.
  package var workerCount: Int { scheduler.options.workers }
  /// The runs that are asked for.
  package var runs: [ScheduledRun] { study.scheduledRuns }
  /// The multiply-adds of each run.
  package var work: [RunIdentity: Double] { study.work }

  /// Trains runs of the sweep until all have ended or `stop` is raised.
  package func train(
    _ runs: [ScheduledRun], stop: StopSignal, observer: any SchedulerObserver
  ) -> SchedulerReport {
    scheduler.run(runs, sweep: sweep.id, stop: stop, observer: observer)
  }

  /// Ends what follows the runs.
  ///
  /// - Parameter seconds: the longest time to wait for it, in seconds.
  /// - Returns: what an MLflow server does not have of the sweep, in one sentence; nil where nothing is missing.
  package func closeMirrors(waitingSeconds seconds: Double) -> String? { mlflow?.close(waitingSeconds: seconds) }

  /// What became of the database, where others cannot find in it what this sweep reports.
  package func absence(_ report: SchedulerReport) -> (any Error)? {
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

  /// Saves what the sweep still holds of a database that was taken away.
  ///
  /// - Returns: what became of it, in one sentence; nil where the database was not taken away.
  package func rescue(from error: any Error) -> String? {
    guard case RunStoreError.storeGone(let path, _) = error else { return nil }
    do {
      guard let copy = try store.rescue() else {
        return "what the sweep had stored is there: start it again with --results and that folder"
      }
      let folder = (path as NSString).deletingLastPathComponent
      return
        "what the sweep had stored is saved in \(copy): rename that to \(StudyStore.databaseName), beside the folder "
        + "\(folder)/runs, and start the sweep again"
    } catch let failure {
      return "what the sweep had stored could not be saved: \(failure)"
    }
  }

  /// What became of the runs, and the table of the sweep.
  ///
  /// - Parameters:
  ///   - seconds: how long it took.
  ///   - resumeCommand: what goes on with it where it was interrupted.
  /// - Throws: an error of the store.
  package func result(
    of report: SchedulerReport, seconds: Double, resumeCommand: String, reportCommand: String
  ) throws -> (summary: SweepSummary, table: ReportTable) {
    var current = try store.sweep(sweep.id)
    current.processors = try store.processors(sweep: sweep.id)
    // Where the store cannot be written, it says of this process's runs that they are still being trained.
    for (variant, content) in current.variants.enumerated() where report.endingError != nil {
      for (index, run) in content.runs.enumerated()
      where run.state == .running && report.results[run.identity] == .lost {
        current.variants[variant].runs[index].state = .interrupted
      }
    }
    let resumed = try report.results.count { identity, result in
      guard case .ended(.completed) = result else { return false }
      let events = try store.events(of: identity)
      return events.contains { $0.kind == .resumed && $0.attempt == events.last?.attempt }
    }
    let summary = SweepSummary(
      sweep: current, trained: report.trainedCount - resumed, resumed: resumed, reused: report.reusedCount,
      elapsedSeconds: seconds,
      isInterrupted: report.stopRequest != .none && !report.hasFailedFast, resumeCommand: resumeCommand,
      reportCommand: reportCommand, part: study.part.map { .init(shard: $0.shard, runs: $0.runs) })
    return (summary, try SweepTables.table(current))
  }
}
