import Dispatch
import Foundation
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A task of an array: trains its runs one after the other, each in a process of its own.
///
/// It may be started again, on another machine, whenever Slurm takes the one away that it has: runs that are done are passed
/// over, and the one that was interrupted goes on from its checkpoint.
public struct SlurmTask {
  private static let lookInterval = DispatchTimeInterval.milliseconds(100)

  private let capsules: [CapsuleFolder]
  private let program: String
  private let arguments: (CapsuleFolder) -> [String]
  private let client: SlurmClient

  /// Reads what the task trains.
  ///
  /// - Parameters:
  ///   - submission: the folder of the submission.
  ///   - index: the task's index in the array.
  ///   - program: the path of the program that trains a capsule.
  ///   - arguments: its arguments for a capsule.
  ///   - client: what asks Slurm.
  /// - Throws: `FileError`, ``CapsuleError``.
  public init(
    submission: String, index: Int, program: String, arguments: @escaping (CapsuleFolder) -> [String],
    client: SlurmClient = SlurmClient()
  ) throws {
    let folder = SlurmSubmission(submission)
    // Whoever submitted it has given it up.
    capsules = FileManager.default.fileExists(atPath: submission) ? try folder.capsules(ofTask: index) : []
    self.program = program
    self.arguments = arguments
    self.client = client
  }

  /// Trains until all is done, or until it is told to stop.
  ///
  /// - Parameters:
  ///   - stop: ends the task after a checkpoint.
  ///   - timeIsUp: ends the task after a checkpoint, and asks Slurm to start it again.
  /// - Throws: an error of the machine.
  public func run(stop: StopSignal, timeIsUp: StopSignal) throws {
    for capsule in capsules where stop.request == .none && timeIsUp.request == .none {
      // Nobody asks for it any more.
      guard capsule.exists else { continue }
      guard try isToBeTrained(capsule) else { continue }
      try train(capsule, stop: stop, timeIsUp: timeIsUp)
    }
    guard timeIsUp.request != .none, stop.request == .none else { return }
    try goOnLater()
  }

  private func isToBeTrained(_ capsule: CapsuleFolder) throws -> Bool {
    do {
      return switch try CapsuleHistory(of: capsule, asked: capsule.run()).end {
      case nil, .interrupted?: true
      case .completed?, .failed?, .diverged?: false
      }
    } catch is CapsuleError {
      // Whoever follows it fails the run, with the line named; the task's other runs have nothing to do with it.
      return false
    }
  }

  private func train(_ capsule: CapsuleFolder, stop: StopSignal, timeIsUp: StopSignal) throws {
    let start = Date()
    let wakeUp = DispatchSemaphore(value: 0)
    let process = try ChildProcess(
      program: program, arguments: arguments(capsule), environment: ["SWIFT_BACKTRACE": "enable=no"],
      output: capsule.outputPath, wake: { wakeUp.signal() })
    var passedOn = StopRequest.none
    while true {
      _ = wakeUp.wait(timeout: .now() + Self.lookInterval)
      if let end = process.poll() {
        return try conclude(capsule, end, since: start, wasStopped: passedOn != .none, timeIsUp)
      }
      let request = max(stop.request, timeIsUp.request)
      if request > passedOn {
        passedOn = request
        process.send(request == .now ? SIGKILL : SIGTERM)
      }
    }
  }

  /// Tells what the process itself could not.
  private func conclude(
    _ capsule: CapsuleFolder, _ end: ProcessEnd, since start: Date, wasStopped: Bool, _ timeIsUp: StopSignal
  ) throws {
    // Garbage is for whoever follows it to name.
    guard capsule.exists, let asked = try? capsule.run() else { return }
    if asked.program != nil {
      capsule.endRest()
      try UnheardReports.tell(capsule)
    }
    guard let history = try? CapsuleHistory(of: capsule, asked: asked) else { return }
    if history.end == nil, !wasStopped {
      let said = capsule.lastLines(1).first.map { "; it said last: \($0)" } ?? ""
      try tell(.failed(reason: "its process \(end.clause)\(said)", isRetriable: true), history, in: capsule)
    } else if timeIsUp.request != .none, !(history.hasProgressed || hasCheckpoint(asked, since: start)) {
      if case .completed? = history.end { return }
      try tell(
        .failed(reason: "nothing of it lasted within the time limit of its job: execution.executor.time is too short"),
        history, in: capsule)
    }
  }

  private func tell(_ outcome: RunOutcome, _ history: CapsuleHistory, in capsule: CapsuleFolder) throws {
    try CapsuleWriter(capsule).append(.final(outcome, epochs: history.epochs.count))
  }

  /// Whether somebody's program has written its own checkpoint.
  private func hasCheckpoint(_ asked: CapsuleRun, since start: Date) -> Bool {
    guard let path = asked.program?.checkpoint,
      let date = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    else { return false }
    return date >= start
  }

  /// Has Slurm start this one task again; the plain number of the job would mean the whole array.
  private func goOnLater() throws {
    guard let task = SlurmEnvironment.current?.name else { return }
    for _ in 0..<10 {
      if try client.run(["scontrol", "requeue", task]).status == 0 {
        // Slurm ends what it starts again.
        Thread.sleep(forTimeInterval: 60)
        return
      }
      Thread.sleep(forTimeInterval: 3)
    }
  }
}
