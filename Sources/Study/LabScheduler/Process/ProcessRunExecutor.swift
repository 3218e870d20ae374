import Foundation
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Trains each run in a process of its own, which is told by a capsule what to train and tells by it what came of it.
///
/// A crash ends one run, with its reason. Nothing that a process has told is lost with it: the next attempt takes over what
/// capsules of earlier ones still hold.
public struct ProcessRunExecutor: RunExecutor {
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
    /// Throws where what the run has measured does not count, once it has ended.
    public var check: @Sendable () throws -> Void = {}

    /// Creates what is asked for.
    public init(_ program: CapsuleRun.Program, configuration: JSONValue) {
      self.program = program
      self.configuration = configuration
    }
  }

  private let store: any RunStore
  private let shelf: CapsuleShelf
  private let program: String
  private let arguments: @Sendable (CapsuleFolder) -> [String]
  private let trainer: Trainer

  /// Creates an executor.
  ///
  /// - Parameters:
  ///   - store: the store that runs are claimed from.
  ///   - results: the results folder, where capsules are made.
  ///   - program: the path of the program that trains, or that looks after the one that does.
  ///   - arguments: the program's arguments for a capsule.
  ///   - trainer: who trains the runs.
  public init(
    store: any RunStore, results: String, program: String,
    arguments: @escaping @Sendable (CapsuleFolder) -> [String], trainer: Trainer
  ) {
    self.store = store
    shelf = CapsuleShelf(results: results)
    self.program = program
    self.arguments = arguments
    self.trainer = trainer
  }

  /// A process asks for a look itself; only requests to stop are waited for.
  public var pollInterval: Duration { .milliseconds(100) }

  public func submit(_ run: ClaimedRun, context: RunContext) throws -> any RunJob {
    CapsuleJob(
      run: run, context: context, store: store, shelf: shelf, files: try store.files(of: run.lease),
      isOfEngine: { if case .engine = trainer { true } else { false } }()
    ) { try start(run, context: context, in: $0, files: $1) }
  }

  /// Makes the capsule of a run and starts its process.
  private func start(
    _ run: ClaimedRun, context: RunContext, in folder: CapsuleFolder, files: any RunFiles
  ) throws -> CapsuleJob.Started {
    try folder.remove()
    var check: @Sendable () throws -> Void = {}
    var asked = CapsuleRun(run, threads: context.threads, resumption: .init(), engine: nil)
    switch trainer {
    case .engine(let engine):
      asked.resumption = try resumption(of: run, context: context, files: files)
      asked.engine = engine
      asked.engine?.database = files.location?.database
    case .program(let ask):
      // What the program has reported stays, where it goes on from a checkpoint of its own.
      asked.resumption.epochs = try store.epochs(of: run.lease.run)
      let place = files.location.map { ($0.checkpoint as NSString).deletingLastPathComponent } ?? folder.path
      // The program is started in another folder than this process.
      let path = "\(place.absolutePath)/\(RunOutput.folderName)"
      let content = try ask(run, context, folder, path)
      asked.program = content.program
      asked.configuration = content.configuration
      check = content.check
    }
    try folder.create(asked)
    let process = try ChildProcess(
      program: program, arguments: arguments(folder), environment: ["SWIFT_BACKTRACE": "enable=no"],
      output: folder.outputPath, wake: context.wake)
    return CapsuleJob.Started(process: process, check: check)
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
      checkpoint: files.location?.checkpoint,
      bestWeights: found.bestWeights == nil ? nil : files.location?.bestWeights,
      bestWeightsHash: found.bestWeightsHash, epochs: try store.epochs(of: run.lease.run),
      choices: try store.choices(of: run.lease.run))
  }
}

/// A run that a process trains, followed by its capsule.
private final class CapsuleJob: RunJob, @unchecked Sendable {
  // Sendable since a job is only ever looked at by the thread of its scheduler.

  /// What was started.
  struct Started {
    var process: ChildProcess
    /// Throws where what the run has measured does not count.
    var check: @Sendable () throws -> Void
  }

  private let run: ClaimedRun
  private let context: RunContext
  private let store: any RunStore
  private let shelf: CapsuleShelf
  private let folder: CapsuleFolder
  private let files: any RunFiles
  /// Whether labrun's own engine trains, whose files and epochs must fit together; a program has its own.
  private let isOfEngine: Bool
  private let start: (CapsuleFolder, any RunFiles) throws -> Started
  private let memoryKills = MemoryKills.current
  private var process: ChildProcess?
  private var check: @Sendable () throws -> Void = {}
  private var ingestion: CapsuleIngestion?
  private var passedOn = StopRequest.none
  private(set) var ranOutOfMemory = false
  /// What the process has told that is no event.
  private var garbage: CapsuleError?

  init(
    run: ClaimedRun, context: RunContext, store: any RunStore, shelf: CapsuleShelf, files: any RunFiles,
    isOfEngine: Bool, start: @escaping (CapsuleFolder, any RunFiles) throws -> Started
  ) {
    self.run = run
    self.context = context
    self.store = store
    self.shelf = shelf
    self.files = files
    self.isOfEngine = isOfEngine
    self.start = start
    folder = shelf.capsule(of: run.lease)
    // The first look takes over what is left, and starts the process.
    context.wake()
  }

  func poll() throws -> RunOutcome? {
    guard let process else { return try begin() }
    let end = process.poll()
    if garbage == nil {
      do {
        try ingestion?.advance(progress: context.report, remark: context.warn)
      } catch let error as CapsuleError {
        garbage = error
        process.send(SIGKILL)
      }
    }
    if let end { return try outcome(of: end) }
    passOnStop(to: process)
    return nil
  }

  deinit { process?.send(SIGKILL) }

  // MARK: Beginning

  /// Takes over what earlier attempts have left, then starts the process.
  private func begin() throws -> RunOutcome? {
    let left = shelf.left(before: run.lease)
    // A process whose parent is gone writes its checkpoint and ends; two must not train one run.
    if left.contains(where: { $0.folder.isAlive }) {
      guard context.stopRequest == .none else { return .interrupted(reason: "stopped on request") }
      return nil
    }
    for (attempt, capsule) in left {
      if !isOfEngine { capsule.endRest() }
      var ingestion = try CapsuleIngestion(capsule, attempt: attempt, into: store, lease: run.lease, files: files)
      do {
        try ingestion.advance()
      } catch let error as CapsuleError {
        try store.log(.warning, "\(error); what stands before it was taken over", lease: run.lease)
      }
      var completed: RunOutcome?
      do {
        completed = try completion(ingestion.end)
      } catch let error as any RunFailure where !error.endsSweep {
        // What it left does not fit together, and never will.
        try store.log(.warning, "\(error); the run is trained on", lease: run.lease)
      }
      keepOutput(of: capsule, attempt: attempt)
      try capsule.remove()
      if let completed { return completed }
    }
    guard context.stopRequest == .none else { return .interrupted(reason: "stopped on request") }
    let started = try start(folder, files)
    process = started.process
    check = started.check
    ingestion = try CapsuleIngestion(folder, attempt: run.lease.attempt, into: store, lease: run.lease, files: files)
    return nil
  }

  /// The outcome of a capsule that is complete, once it is known that all of it is stored.
  private func completion(_ end: CapsuleIngestion.End?) throws -> RunOutcome? {
    guard let end, case .completed(let record) = end.outcome else { return nil }
    if isOfEngine { try files.check(trainedEpochs: end.epochs, bestEpoch: record.bestEpoch) }
    return end.outcome
  }

  // MARK: Ending

  /// Puts what the process has printed beside the run's other files.
  private func keepOutput(of capsule: CapsuleFolder, attempt: Int) {
    guard let location = files.location, !capsule.lastLines(1).isEmpty else { return }
    let runFolder = (location.checkpoint as NSString).deletingLastPathComponent
    rename(capsule.outputPath, "\(runFolder)/\(RunOutput.name(ofAttempt: attempt))")
  }

  private func passOnStop(to process: ChildProcess) {
    let request = context.stopRequest
    guard request > passedOn else { return }
    passedOn = request
    process.send(request == .now ? SIGKILL : SIGTERM)
  }

  private func outcome(of end: ProcessEnd) throws -> RunOutcome {
    if !isOfEngine { process?.endRest() }
    defer { process = nil }
    let last = folder.lastLines(20)
    keepOutput(of: folder, attempt: run.lease.attempt)
    if let garbage {
      try folder.remove()
      return .failed(reason: "\(garbage)")
    }
    if let told = ingestion?.end {
      do {
        let outcome = try completion(told) ?? told.outcome
        try folder.remove()
        if case .completed = outcome { try check() }
        return outcome
      } catch let error as any RunFailure where !error.endsSweep {
        try folder.remove()
        throw error
      }
    }
    // It may have been asked before it was ready to write a checkpoint.
    if passedOn != .none {
      try folder.remove()
      return .interrupted(reason: "stopped on request")
    }
    var reason = "its process \(end.clause)"
    if end == .signal(SIGKILL), MemoryKills.current.isMore(than: memoryKills) {
      ranOutOfMemory = true
      reason += ", when the system had run out of memory"
    }
    for line in last { try store.log(.warning, "its process said: \(line)", lease: run.lease) }
    if let line = last.last { reason += "; it said last: \(line)" }
    try folder.remove()
    return .failed(reason: reason, isRetriable: true)
  }
}
