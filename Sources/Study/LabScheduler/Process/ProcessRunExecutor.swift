import Foundation
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Trains runs in processes, which are told by a capsule what to train and tell by it what came of it.
///
/// A crash ends one run, with its reason. Nothing that a process has told is lost with it: the next attempt takes over what
/// capsules of earlier ones still hold.
public struct ProcessRunExecutor: RunExecutor {
  /// How processes get their capsules.
  public enum Command: Sendable {
    /// Each process trains one capsule, which its arguments name.
    case each(@Sendable (CapsuleFolder) -> [String])
    /// Each process trains one capsule after another, whose paths it reads from its standard input; a capsule that goes
    /// wrong may take the process with it, and the next one has another process.
    case inTurn([String])
  }

  private let maker: CapsuleMaker
  private let program: String
  private let command: Command
  private let idle = IdleProcesses()

  /// Creates an executor.
  ///
  /// - Parameters:
  ///   - maker: what makes the capsules of runs.
  ///   - program: the path of the program that trains, or that looks after the one that does.
  ///   - command: the program's arguments.
  public init(_ maker: CapsuleMaker, program: String, command: Command) {
    self.maker = maker
    self.program = program
    self.command = command
  }

  /// A process asks for a look itself; only requests to stop are waited for.
  public var pollInterval: Duration { .milliseconds(100) }

  public func submit(_ run: ClaimedRun, context: RunContext) throws -> any RunJob {
    CapsuleJob(
      run: run, context: context, maker: maker, files: try maker.store.files(of: run.lease), idle: idle
    ) { folder, files in
      try maker.make(folder, of: run, context: context, files: files)
      switch command {
      case .each(let arguments): return try process(arguments(folder), for: folder, wake: context.wake)
      case .inTurn(let arguments):
        let process = try idle.take() ?? process(arguments, for: folder, wake: context.wake)
        process.begin(folder, wake: context.wake)
        return process
      }
    }
  }

  private func process(
    _ arguments: [String], for folder: CapsuleFolder, wake: @escaping @Sendable () -> Void
  ) throws -> ChildProcess {
    try ChildProcess(
      program: program, arguments: arguments, environment: ["SWIFT_BACKTRACE": "enable=no"],
      output: folder.outputPath, wake: wake)
  }
}

/// Processes that wait for their next capsule.
private final class IdleProcesses: @unchecked Sendable {
  // Sendable since it is only ever looked at by the thread of its scheduler.
  private var processes: [ChildProcess] = []

  func take() -> ChildProcess? {
    while let process = processes.popLast() { if process.isAlive { return process } }
    return nil
  }

  func add(_ process: ChildProcess) { processes.append(process) }
}

/// A run that a process trains, followed by its capsule.
private final class CapsuleJob: RunJob, @unchecked Sendable {
  // Sendable since a job is only ever looked at by the thread of its scheduler.
  private let run: ClaimedRun
  private let context: RunContext
  private let maker: CapsuleMaker
  private let folder: CapsuleFolder
  private let files: any RunFiles
  private let idle: IdleProcesses
  private let start: (CapsuleFolder, any RunFiles) throws -> ChildProcess
  private let memoryKills = MemoryKills.current
  private var process: ChildProcess?
  private var ingestion: CapsuleIngestion?
  private var passedOn = StopRequest.none
  private(set) var ranOutOfMemory = false
  /// What the process has told that is no event.
  private var garbage: CapsuleError?

  init(
    run: ClaimedRun, context: RunContext, maker: CapsuleMaker, files: any RunFiles, idle: IdleProcesses,
    start: @escaping (CapsuleFolder, any RunFiles) throws -> ChildProcess
  ) {
    self.run = run
    self.context = context
    self.maker = maker
    self.files = files
    self.idle = idle
    self.start = start
    folder = maker.shelf.capsule(of: run.lease)
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
    let left = maker.shelf.left(before: run.lease)
    // A process whose parent is gone writes its checkpoint and ends; two must not train one run.
    if left.contains(where: { $0.folder.isAlive }) {
      guard context.stopRequest == .none else { return .interrupted(reason: "stopped on request") }
      return nil
    }
    for (attempt, capsule) in left {
      let completed = try maker.takeOver(capsule, ofAttempt: attempt, lease: run.lease, files: files)
      if let completed { return completed }
    }
    guard context.stopRequest == .none else { return .interrupted(reason: "stopped on request") }
    process = try start(folder, files)
    ingestion = try CapsuleIngestion(
      folder, attempt: run.lease.attempt, into: maker.store, lease: run.lease, files: files)
    return nil
  }

  /// The status of this program where it cannot write.
  private static let inputOutputStatus: Int32 = 74
  /// The room in bytes below which a disk is full.
  private static let leastBytes = 1 << 16

  private static func speaksOfFullDisk(_ text: String) -> Bool {
    text.contains("there is no space left") || [ENOSPC, EDQUOT, EROFS].contains { text.contains(SystemError.text($0)) }
  }

  // MARK: Ending

  private func passOnStop(to process: ChildProcess) {
    let request = context.stopRequest
    guard request > passedOn else { return }
    passedOn = request
    process.send(request == .now ? SIGKILL : SIGTERM)
  }

  private func outcome(of end: ProcessEnd) throws -> RunOutcome {
    defer {
      // One that was asked to stop may still be about to.
      if let process, process.isAlive, passedOn == .none, garbage == nil { idle.add(process) }
      process = nil
    }
    if !maker.isOfEngine {
      process?.endRest()
      // A supervisor that was killed may not have told of its program.
      if ingestion?.end == nil { folder.endRest() }
      if ingestion?.end == nil, garbage == nil {
        try UnheardReports.tell(folder)
        try ingestion?.advance(remark: context.warn)
      }
    }
    let last = folder.lastLines(20)
    maker.keepOutput(of: folder, attempt: run.lease.attempt, files: files)
    if let garbage {
      try folder.remove()
      return .failed(reason: "\(garbage)")
    }
    if let told = ingestion?.end {
      do {
        let outcome = try maker.completion(told, files: files) ?? told.outcome
        try folder.remove()
        if case .completed = outcome { try maker.checkEnd(of: run, in: folder, context: context, files: files) }
        // What the machine has refused to the process, it would refuse to the next one.
        if case .interrupted = outcome, let refusal = ingestion?.refusal { throw refusal }
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
    for line in last { try maker.store.log(.warning, "its process said: \(line)", lease: run.lease) }
    if let line = last.last { reason += "; it said last: \(line)" }
    try folder.remove()
    // It ends so where it could not even tell what was refused.
    if end == .exit(status: Self.inputOutputStatus) {
      let isFull = FreeSpace.bytes(at: folder.path).map { $0 < Self.leastBytes } ?? false
      throw CapsuleRefusal(description: reason, endsSweep: isFull || Self.speaksOfFullDisk(reason))
    }
    return .failed(reason: reason, isRetriable: true)
  }
}
