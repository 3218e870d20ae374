import Foundation
import LabCore
import LabScheduler
import LabTesting
import Testing

/// What the machine refuses is not the run's fault.
@Suite struct MachineErrorTests {
  struct OutOfLuck: Error, CustomStringConvertible { var description: String { "no such luck" } }

  /// A system's error number in each of the forms in which it reaches a scheduler.
  enum Form: CaseIterable {
    case file, posix, foundation

    func error(_ code: Int32) -> any Error {
      switch self {
      case .file: FileError(action: "open", path: "x", code: code)
      case .posix: POSIXError(POSIXErrorCode(rawValue: code)!)
      case .foundation:
        CocoaError(
          .fileReadUnknown,
          userInfo: [NSUnderlyingErrorKey: NSError(domain: NSPOSIXErrorDomain, code: Int(code))])
      }
    }
  }

  static let codes = [
    EMFILE, ENFILE, EIO, ENOSPC, EDQUOT, EXDEV, ENOMEM, EAGAIN, ESTALE, EROFS, EFBIG,
  ]

  @Test(arguments: codes, Form.allCases) func isToBeTriedAgainWithTheTrueCause(code: Int32, form: Form) throws {
    let sweep = try ScheduledSweep(levels: ["a"], seeds: [0])
    let report = sweep.run(ScriptedExecutor { _, _ in throw form.error(code) })
    let run = try #require(try sweep.store.run(sweep.identity("a", 0)))
    #expect(run.state == .interrupted)
    if form == .file { #expect(run.reason?.contains(String(cString: strerror(code))) == true) }
    #expect(report.machineError != nil || report.endingError != nil)
    let again = sweep.run(ScriptedExecutor())
    #expect(again.isComplete && again.trainedCount == 1)
    #expect(again.machineError == nil && again.endingError == nil)
  }

  @Test func aVanishedFolderIsTheMachinesDoing() throws {
    let sweep = try ScheduledSweep(levels: ["a"], seeds: [0])
    let report = sweep.run(
      ScriptedExecutor { _, _ in throw FileError(action: "create", path: "gone/x", code: ENOENT) })
    #expect(report.machineError is FileError)
    #expect(try sweep.store.run(sweep.identity("a", 0))?.state == .interrupted)
  }

  @Test(arguments: [
    MachineError.memory(bytes: 1 << 30, purpose: "a run"), .threads(wanted: 3, code: EAGAIN),
  ]) func memoryAndThreadsAreTheMachines(error: MachineError) throws {
    let sweep = try ScheduledSweep(levels: ["a"], seeds: [0])
    #expect(sweep.run(ScriptedExecutor { _, _ in throw error }).machineError as? MachineError == error)
    #expect(try sweep.store.run(sweep.identity("a", 0))?.state == .interrupted)
  }

  @Test(arguments: [ENOENT, EACCES, EINVAL]) func whatTheConfigurationCausesStaysFailed(code: Int32) throws {
    let sweep = try ScheduledSweep(levels: ["a", "b"], seeds: [0])
    let report = sweep.run(
      ScriptedExecutor { run, _ in
        if run.run.name == "a/0" { throw POSIXError(POSIXErrorCode(rawValue: code)!) }
        throw OutOfLuck()
      })
    #expect(report.count(.failed) == 2)
    #expect(report.machineError == nil && report.endingError == nil)
    #expect(!sweep.run(ScriptedExecutor()).isComplete, "nobody tries it again by itself")
  }

  @Test func otherRunsGoOn() throws {
    let sweep = try ScheduledSweep()
    let executor = ScriptedExecutor { run, _ in
      if run.run.name == "b/0" { throw FileError(action: "open", path: "x", code: EMFILE) }
      return .completed(RunStoreSamples.final())
    }
    let report = sweep.run(executor)
    #expect(executor.order.count == 6)
    #expect(report.count(.completed) == 5 && report.endingError == nil)
    #expect((report.machineError as? FileError)?.code == EMFILE)
  }

  @Test func aMachineThatRefusesEverythingEndsTheSweep() throws {
    let sweep = try ScheduledSweep(seeds: Array(0..<20))
    let executor = ScriptedExecutor { _, _ in throw FileError(action: "open", path: "x", code: EIO) }
    let report = sweep.run(executor, options: Scheduler.Options(workers: 2))
    #expect((4...5).contains(executor.order.count), "not every run of a long sweep meets the same end")
    #expect((report.endingError as? FileError)?.code == EIO)
  }
}
