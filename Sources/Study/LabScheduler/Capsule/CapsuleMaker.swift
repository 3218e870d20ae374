import Foundation
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Makes the capsules of runs, and takes over what earlier ones hold.
public struct CapsuleMaker: Sendable {
  /// Who trains the runs.
  public enum Trainer: Sendable {
    /// labrun's own engine.
    case engine(CapsuleRun.Engine?)
    /// Somebody's program: what its capsule says for a run that has this folder of its own.
    case program(
      @Sendable (ClaimedRun, _ context: RunContext, _ capsule: CapsuleFolder, _ folder: String) throws -> ProgramAsked)
  }

  /// What a program is asked for.
  public struct ProgramAsked: Sendable {
    /// What only programs need.
    public var program: CapsuleRun.Program
    /// The configuration as the program is to see it.
    public var configuration: JSONValue
    /// Throws where the run must not be started.
    public var checkStart: @Sendable () throws -> Void = {}
    /// Throws where what the run has measured does not count, once it has ended.
    public var check: @Sendable () throws -> Void = {}

    /// Creates what is asked for.
    public init(_ program: CapsuleRun.Program, configuration: JSONValue) {
      self.program = program
      self.configuration = configuration
    }
  }

  /// The store that runs are claimed from.
  let store: any RunStore
  /// Where capsules are made.
  let shelf: CapsuleShelf
  private let trainer: Trainer

  /// Creates a maker.
  ///
  /// - Parameters:
  ///   - store: the store that runs are claimed from.
  ///   - results: the results folder, where capsules are made.
  ///   - trainer: who trains the runs.
  public init(store: any RunStore, results: String, trainer: Trainer) {
    self.store = store
    shelf = CapsuleShelf(results: results)
    self.trainer = trainer
  }

  /// Whether labrun's own engine trains, whose files and epochs must fit together; a program has its own.
  var isOfEngine: Bool { if case .engine = trainer { true } else { false } }

  /// Makes the capsule of a run.
  func make(_ folder: CapsuleFolder, of run: ClaimedRun, context: RunContext, files: any RunFiles) throws {
    // Also what is left of earlier ones, where somebody died while it was removed.
    for attempt in 1...max(1, run.lease.attempt) { try shelf.capsule(of: run.lease.run, attempt: attempt).remove() }
    var asked = CapsuleRun(run, threads: context.threads, resumption: .init(), engine: nil)
    let runFolder = runFolder(files)
    switch trainer {
    case .engine(let engine):
      asked.resumption = try resumption(of: run, context: context, files: files)
      asked.engine = engine
      asked.engine?.database = files.location?.database
      asked.engine?.runFolder = runFolder?.absolutePath
    case .program(let ask):
      // What the program has reported stays, where it goes on from a checkpoint of its own.
      asked.resumption.epochs = try store.epochs(of: run.lease.run)
      let content = try ask(run, context, folder, programFolder(folder, files))
      try content.checkStart()
      asked.program = content.program
      asked.configuration = content.configuration
    }
    try folder.create(asked)
  }

  /// Throws where what a run has measured does not count, whoever made its capsule.
  func checkEnd(of run: ClaimedRun, in folder: CapsuleFolder, context: RunContext, files: any RunFiles) throws {
    guard case .program(let ask) = trainer else { return }
    try ask(run, context, folder, programFolder(folder, files)).check()
  }

  private func runFolder(_ files: any RunFiles) -> String? {
    files.location.map { ($0.checkpoint as NSString).deletingLastPathComponent }
  }

  /// The folder of a run's program, which is started in another folder than this process.
  private func programFolder(_ folder: CapsuleFolder, _ files: any RunFiles) -> String {
    "\((runFolder(files) ?? folder.path).absolutePath)/\(RunOutput.folderName)"
  }

  /// Where labrun's own engine goes on.
  private func resumption(
    of run: ClaimedRun, context: RunContext, files: any RunFiles
  ) throws -> CapsuleRun.Resumption {
    let found = try files.resumption()
    for remark in found.remarks {
      try store.log(.warning, remark, lease: run.lease)
      context.warn(remark)
    }
    guard found.checkpoint != nil else { return CapsuleRun.Resumption() }
    return CapsuleRun.Resumption(
      checkpoint: files.location?.checkpoint.absolutePath,
      bestWeights: found.bestWeights == nil ? nil : files.location?.bestWeights.absolutePath,
      bestWeightsHash: found.bestWeightsHash, epochs: try store.epochs(of: run.lease.run),
      choices: try store.choices(of: run.lease.run))
  }

  // MARK: Taking over

  /// Takes over what the capsule of an earlier attempt holds, and removes it.
  ///
  /// - Returns: the outcome where it holds a whole result.
  func takeOver(
    _ capsule: CapsuleFolder, ofAttempt attempt: Int, lease: RunLease, files: any RunFiles
  ) throws -> RunOutcome? {
    if !isOfEngine {
      capsule.endRest()
      try UnheardReports.tell(capsule)
    }
    var ingestion = try CapsuleIngestion(capsule, attempt: attempt, into: store, lease: lease, files: files)
    do {
      try ingestion.advance()
    } catch let error as CapsuleError {
      try store.log(.warning, "\(error); what stands before it was taken over", lease: lease)
    }
    var completed: RunOutcome?
    do {
      completed = try completion(ingestion.end, files: files)
    } catch let error as any RunFailure where !error.endsSweep {
      // What it left does not fit together, and never will.
      try store.log(.warning, "\(error); the run is trained on", lease: lease)
    }
    keepOutput(of: capsule, attempt: attempt, files: files)
    try capsule.remove()
    return completed
  }

  /// The outcome of a capsule that is complete, once it is known that all of it is stored.
  func completion(_ end: CapsuleIngestion.End?, files: any RunFiles) throws -> RunOutcome? {
    guard let end, case .completed(let record) = end.outcome else { return nil }
    if isOfEngine { try files.check(trainedEpochs: end.epochs, bestEpoch: record.bestEpoch) }
    return end.outcome
  }

  /// Puts what a process has printed beside the run's other files.
  func keepOutput(of capsule: CapsuleFolder, attempt: Int, files: any RunFiles) {
    guard let runFolder = runFolder(files), !capsule.lastLines(1).isEmpty else { return }
    rename(capsule.outputPath, "\(runFolder)/\(RunOutput.name(ofAttempt: attempt))")
  }
}
