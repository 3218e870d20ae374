import Foundation
import LabRecords
import LabStore
import Testing

/// Whatever asks a sweep to end, or stops listening to it, leaves its work where the next one finds it.
@Suite struct SignalTests {
  /// A sweep that is in its training, for so long that it does not end by itself.
  private func startedSweep(
    _ labrun: Labrun, after preparation: String? = nil
  ) throws -> (process: Process, output: Pipe, errors: Pipe) {
    try labrun.write(Labrun.spec(trainCount: 860, epochs: 400), to: "Experiments/tiny.json")
    let started = try labrun.start(["sweep", "tiny", "--results", "Results"], after: preparation)
    var heard = ""
    while !heard.contains("epoch 1/") {
      let data = started.errors.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      heard += String(decoding: data, as: UTF8.self)
    }
    #expect(heard.contains("epoch 1/"), "\(heard)")
    return started
  }

  /// That every started run is stored as interrupted, with a checkpoint and without a lease.
  private func expectSafeEnd(_ labrun: Labrun) throws {
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    let runs = try store.sweep(#require(store.sweeps().first).id).runs
    #expect(runs.allSatisfy { $0.state == .interrupted }, "\(runs.map(\.state))")
    #expect(try store.integer("SELECT COUNT(*) FROM lease") == 0)
    for run in runs { #expect(try store.folder(of: run.identity).readCheckpoint().checkpoint != nil) }
  }

  @Test(arguments: [SIGUSR1, SIGXCPU, SIGXFSZ, SIGTERM]) func noticesStopSafely(number: Int32) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let started = try startedSweep(labrun)
    kill(started.process.processIdentifier, number)
    // A notice that is given twice does not mean: at once.
    if number != SIGTERM { kill(started.process.processIdentifier, number) }
    let errors = String(decoding: started.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    started.process.waitUntilExit()
    #expect(started.process.terminationReason == .exit && started.process.terminationStatus == 130)
    #expect(errors.contains("stopping after the current step and a checkpoint"))
    try expectSafeEnd(labrun)
  }

  /// A queue's notice may come while data are still prepared.
  @Test func aNoticeBeforeTheTrainingIsAnInterruption() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(trainCount: 60_000), to: "Experiments/tiny.json")
    let cache = ["LABRUN_CACHE": labrun.folder.appendingPathComponent("cache").path]
    let started = try labrun.start(["sweep", "tiny", "--results", "Results"], variables: cache)
    // "preparing …" is the first line.
    _ = started.errors.fileHandleForReading.availableData
    kill(started.process.processIdentifier, SIGUSR1)
    let errors = String(decoding: started.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    started.process.waitUntilExit()
    #expect(started.process.terminationReason == .exit && started.process.terminationStatus == 130)
    #expect(errors.contains("interrupted before anything was trained"), "\(errors)")
  }

  @Test func aReaderThatHasLeftDoesNotEndASweepBeforeItsCheckpoints() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let started = try startedSweep(labrun)
    // Ctrl-C behind `2>&1 | tee` ends tee first.
    try started.errors.fileHandleForReading.close()
    try started.output.fileHandleForReading.close()
    kill(started.process.processIdentifier, SIGINT)
    started.process.waitUntilExit()
    #expect(started.process.terminationReason == .exit && started.process.terminationStatus == 130)
    try expectSafeEnd(labrun)
  }

  @Test func whatNohupStartsOutlivesItsTerminal() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let started = try startedSweep(labrun, after: "trap '' HUP")
    kill(started.process.processIdentifier, SIGHUP)
    var heard = ""
    while !heard.contains("epoch 4/") {
      let data = started.errors.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      heard += String(decoding: data, as: UTF8.self)
    }
    #expect(heard.contains("epoch 4/") && !heard.contains("stopping"))
    kill(started.process.processIdentifier, SIGINT)
    _ = started.errors.fileHandleForReading.readDataToEndOfFile()
    started.process.waitUntilExit()
  }

  /// Nothing that is printed may find its way into a file that took the place of a closed stream.
  @Test func closedStreamsAreNotTakenForFiles() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(), to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny", "--results", "Results", after: "exec 0<&- 2>&-")
    #expect(sweep.status == 0)
    #expect(sweep.output.contains("baseline"))
    #expect(try labrun.run("table").status == 0)
    let silent = try labrun.run("table", after: "exec 1>&-")
    #expect(silent.status == 74)
    #expect(silent.errors.contains("cannot write to standard output: Bad file descriptor"))
  }

  /// A limit on the size of files comes with a signal, which is not to end the process instead of the error.
  @Test func aFileAtItsLimitIsAnErrorOfTheMachine() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    // Checkpoints are to be larger than the database with its log.
    let spec = Labrun.spec(epochs: 3).replacing("\"width\": 16", with: "\"width\": 32")
    try labrun.write(spec, to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny", "--dry-run").status == 0)
    let limited = try labrun.run("sweep", "tiny", "--results", "Results", after: "trap - XFSZ; ulimit -f 4000")
    #expect(limited.status == 74, "\(limited.errors)")
    #expect(limited.errors.contains("the limit on the size of files (ulimit -f)"))
    #expect(try labrun.run("sweep", "tiny").status == 0)
  }
}
