import Foundation
import LabCore
import LabRecords
import LabScheduler
import LabStore
import Synchronization

/// Trains the run that a capsule asks for, and tells the capsule what came of it.
package struct CapsuleTraining {
  /// The command that does it.
  package static let commandName = "train-run"

  private let folder: CapsuleFolder
  private let asked: CapsuleRun
  private let history: CapsuleHistory
  private let writer: CapsuleWriter
  private let parent: ParentConnection

  /// Reads what is asked for.
  ///
  /// - Parameters:
  ///   - path: the capsule.
  ///   - parent: the process that is told of each event.
  /// - Throws: `FileError`, `CapsuleError`.
  package init(_ path: String, parent: ParentConnection) throws {
    self.parent = parent
    folder = CapsuleFolder(path)
    var asked = try folder.run()
    try folder.noteProcess()
    writer = try CapsuleWriter(folder, isFenced: SlurmEnvironment.current != nil, didAppend: parent.ring)
    // Where a process has had this capsule before, what that one has told counts.
    history = try CapsuleHistory(of: folder, asked: asked)
    asked.resumption.epochs = history.epochs
    asked.resumption.choices = history.choices
    self.asked = asked
  }

  /// Trains until the end, or until `stop` is raised.
  ///
  /// - Throws: `FileError` where nothing can be told any more.
  package func run(stop: StopSignal) throws {
    if let program = asked.program { return try run(program, stop: stop) }
    let store = CapsuleRunStore(asked, folder: folder, writer: writer, history: history)
    let reporter = ProgressReporter(writer)
    let context = RunContext(
      store: store, threads: asked.threads, stopSignals: [stop], progress: reporter.report,
      remark: { [writer] in try? writer.append(.remark($0)) })
    let outcome: RunOutcome
    do {
      outcome = try executor().execute(asked.claimed, context: context)
    } catch {
      outcome = RunOutcome(of: error)
      if let refusal = CapsuleRefusal(error) { try writer.append(.refusal(refusal)) }
    }
    try writer.append(.final(outcome, epochs: store.epochCount))
  }

  /// Runs somebody's program, in the folder that it expects.
  private func run(_ asked: CapsuleRun.Program, stop: StopSignal) throws {
    var program = asked
    if let seconds = program.timeoutSeconds {
      program.deadline = min(program.deadline ?? .distantFuture, Date().addingTimeInterval(seconds))
    }
    program.provenance.describeMachine()
    guard FileManager.default.changeCurrentDirectoryPath(program.directory) else {
      throw FileError(action: "enter the folder", path: program.directory)
    }
    let parameters = self.asked.configuration["parameters"] ?? [:]
    try AtomicFile.write(Data(parameters.prettyText().utf8), to: folder.parametersPath)
    let files = CapsuleRunStore(self.asked, folder: folder, writer: writer, history: history)
      .capsuleFiles(of: self.asked.claimed.lease)
    var supervisor = try ProgramSupervisor(
      folder, self.asked, program: program, writer: writer, parent: parent, sources: ProgramReportSources.all,
      keep: { try files.write(predictions: $0) })
    try supervisor.run(stop: stop)
  }

  /// What trains the run in this process.
  private func executor() throws -> TrainingRunExecutor {
    let workbench = Workbench(specFolder: asked.engine?.specFolder, say: { _ in })
    let variant = try TrainableVariant(asked.configuration, in: workbench)
    guard variant.dataHash == asked.dataHash else {
      throw WorkbenchError("the data have changed since the sweep read them: start it again, which checks them anew")
    }
    return TrainingRunExecutor(
      variants: [asked.claimed.run.identity: variant],
      provenance: ProvenanceCollector(specHash: asked.engine?.specHash ?? asked.configuration.contentHash),
      checkpointSeconds: asked.engine?.checkpointSeconds, pool: ProgramPool(capacityBytes: 0))
  }
}

/// Tells a capsule how far its run is, as often as a person looks.
private final class ProgressReporter: Sendable {
  private static let interval = Duration.milliseconds(500)
  private let writer: CapsuleWriter
  private let last = Mutex(ContinuousClock.now - ProgressReporter.interval)

  init(_ writer: CapsuleWriter) { self.writer = writer }

  @Sendable func report(_ progress: RunProgress) {
    let isDue = last.withLock { last in
      let now = ContinuousClock.now
      guard now - last >= ProgressReporter.interval || progress.activity != nil else { return false }
      last = now
      return true
    }
    // Only people read it: where it cannot be written, the next epoch says why.
    if isDue { try? writer.append(.progress(progress)) }
  }
}
