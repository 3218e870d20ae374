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
  private let store: any RunStore
  private let shelf: CapsuleShelf
  private let program: String
  private let arguments: @Sendable (CapsuleFolder) -> [String]
  private let engine: CapsuleRun.Engine?

  /// Creates an executor.
  ///
  /// - Parameters:
  ///   - store: the store that runs are claimed from.
  ///   - results: the results folder, where capsules are made.
  ///   - program: the path of the program that trains.
  ///   - arguments: the program's arguments for a capsule.
  ///   - engine: what labrun's own engine needs.
  public init(
    store: any RunStore, results: String, program: String,
    arguments: @escaping @Sendable (CapsuleFolder) -> [String], engine: CapsuleRun.Engine?
  ) {
    self.store = store
    shelf = CapsuleShelf(results: results)
    self.program = program
    self.arguments = arguments
    self.engine = engine
  }

  /// A process asks for a look itself; only requests to stop are waited for.
  public var pollInterval: Duration { .milliseconds(100) }

  public func submit(_ run: ClaimedRun, context: RunContext) throws -> any RunJob {
    CapsuleJob(run: run, context: context, store: store, shelf: shelf, files: try store.files(of: run.lease)) {
      try start(run, context: context, in: $0, files: $1)
    }
  }

  /// Makes the capsule of a run and starts its process.
  private func start(
    _ run: ClaimedRun, context: RunContext, in folder: CapsuleFolder, files: any RunFiles
  ) throws -> ChildProcess {
    let found = try files.resumption()
    for remark in found.remarks {
      try store.log(.warning, remark, lease: run.lease)
      context.warn(remark)
    }
    var resumption = CapsuleRun.Resumption()
    if found.checkpoint != nil {
      resumption = CapsuleRun.Resumption(
        checkpoint: files.location?.checkpoint,
        bestWeights: found.bestWeights == nil ? nil : files.location?.bestWeights,
        bestWeightsHash: found.bestWeightsHash, epochs: try store.epochs(of: run.lease.run),
        choices: try store.choices(of: run.lease.run))
    }
    var engine = engine
    engine?.database = files.location?.database
    try folder.remove()
    try folder.create(CapsuleRun(run, threads: context.threads, resumption: resumption, engine: engine))
    return try ChildProcess(
      program: program, arguments: arguments(folder), environment: ["SWIFT_BACKTRACE": "enable=no"],
      output: folder.outputPath, wake: context.wake)
  }
}

/// A run that a process trains, followed by its capsule.
private final class CapsuleJob: RunJob, @unchecked Sendable {
  // Sendable since a job is only ever looked at by the thread of its scheduler.
  private let run: ClaimedRun
  private let context: RunContext
  private let store: any RunStore
  private let shelf: CapsuleShelf
  private let folder: CapsuleFolder
  private let files: any RunFiles
  private let start: (CapsuleFolder, any RunFiles) throws -> ChildProcess
  private let memoryKills = MemoryKills.current
  private var process: ChildProcess?
  private var ingestion: CapsuleIngestion?
  private var passedOn = StopRequest.none
  private(set) var ranOutOfMemory = false
  /// What the process has told that is no event.
  private var garbage: CapsuleError?

  init(
    run: ClaimedRun, context: RunContext, store: any RunStore, shelf: CapsuleShelf, files: any RunFiles,
    start: @escaping (CapsuleFolder, any RunFiles) throws -> ChildProcess
  ) {
    self.run = run
    self.context = context
    self.store = store
    self.shelf = shelf
    self.files = files
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
      try capsule.remove()
      if let completed { return completed }
    }
    guard context.stopRequest == .none else { return .interrupted(reason: "stopped on request") }
    process = try start(folder, files)
    ingestion = try CapsuleIngestion(folder, attempt: run.lease.attempt, into: store, lease: run.lease, files: files)
    return nil
  }

  /// The outcome of a capsule that is complete, once it is known that all of it is stored.
  private func completion(_ end: CapsuleIngestion.End?) throws -> RunOutcome? {
    guard let end, case .completed(let record) = end.outcome else { return nil }
    try files.check(trainedEpochs: end.epochs, bestEpoch: record.bestEpoch)
    return end.outcome
  }

  // MARK: Ending

  private func passOnStop(to process: ChildProcess) {
    let request = context.stopRequest
    guard request > passedOn else { return }
    passedOn = request
    process.send(request == .now ? SIGKILL : SIGTERM)
  }

  private func outcome(of end: ChildProcess.End) throws -> RunOutcome {
    defer { process = nil }
    if let garbage {
      try folder.remove()
      return .failed(reason: "\(garbage)")
    }
    if let told = ingestion?.end {
      do {
        let outcome = try completion(told) ?? told.outcome
        try folder.remove()
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
    for line in folder.lastLines(20) { try store.log(.warning, "its process said: \(line)", lease: run.lease) }
    if let last = folder.lastLines(1).first { reason += "; it said last: \(last)" }
    try folder.remove()
    return .failed(reason: reason, isRetriable: true)
  }
}
