import Foundation
import LabCore
import LabRecords
import LabStore
import LabWorkbench
import Testing

/// What every executor must do: whatever trains the runs, and however often it is killed, the same is stored.
@Suite(.serialized) struct ExecutorTests {
  /// The executors of the engine; those on other machines where there is such a machine.
  private static var names: [String] {
    Executors.registry.entries.filter {
      $0.trains.contains(.engine) && (!$0.isRemote || SlurmCluster.shared != nil)
    }.map(\.name)
  }

  /// What the environment of a sweep has beside.
  private static var variables: [String: String] { SlurmCluster.shared?.variables ?? [:] }

  /// What a test holds that tries an executor: a cluster is for one test at a time.
  private func reservation(_ executor: String) async -> SlurmCluster.Reservation? {
    Executors.registry.entries.contains { $0.name == executor && $0.isRemote } ? await SlurmCluster.reserve() : nil
  }

  /// What the first executor stores of a spec when nothing disturbs it.
  private func reference(_ spec: String) throws -> [String: StoredResult] {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(spec, to: "Experiments/tiny.json")
    let result = try labrun.run("sweep", "tiny", "--executor", Self.names[0])
    #expect(result.status == 0, "\(result.errors)")
    return try labrun.storedResults()
  }

  /// That the folder is as a whole sweep leaves it: sound, and with nothing that was only needed on the way.
  private func expectWhole(_ labrun: Labrun) throws {
    let examined = try labrun.run("doctor", "--check", "--results", labrun.results)
    #expect(examined.status == 0, "\(examined.output)\(examined.errors)")
    let capsules = labrun.folder.appendingPathComponent("\(labrun.results)/capsules").path
    #expect((try? FileManager.default.contentsOfDirectory(atPath: capsules)) ?? [] == [])
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    #expect(try store.integer("SELECT COUNT(*) FROM lease") == 0)
  }

  @Test(arguments: names) func theSameIsStored(by executor: String) async throws {
    let reservation = await reservation(executor)
    defer { withExtendedLifetime(reservation) {} }
    let spec = Labrun.spec(seeds: "[0, 1]")
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(spec, to: "Experiments/tiny.json")
    let result = try labrun.run("sweep", "tiny", "--executor", executor, variables: Self.variables)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("4 of 4 runs completed (4 trained)"), "\(result.errors)")
    let stored = try labrun.storedResults()
    #expect(stored.count == 4 && stored.values.allSatisfy { $0.state == .completed && $0.weightsHash != nil })
    #expect(try stored == reference(spec))
    try expectWhole(labrun)
    #expect(
      try labrun.run("sweep", "tiny", "--executor", executor, variables: Self.variables).errors.contains("(4 reused)"))
  }

  @Test(arguments: names.filter { $0 != "slurm" }) func aStoppedSweepGoesOn(by executor: String) throws {
    let spec = Labrun.spec(trainCount: 430, epochs: 12)
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(spec, to: "Experiments/tiny.json")
    let started = try labrun.start(["sweep", "tiny", "--executor", executor], variables: Self.variables)
    var heard = ""
    while !heard.contains("epoch 2/") {
      let data = started.errors.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      heard += String(decoding: data, as: UTF8.self)
    }
    started.process.interrupt()
    heard += String(decoding: started.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    _ = started.output.fileHandleForReading.readDataToEndOfFile()
    started.process.waitUntilExit()
    #expect(started.process.terminationStatus == 130, "\(heard)")
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    let runs = try store.sweep(#require(store.sweeps().first).id).runs
    #expect(runs.contains { $0.state == .interrupted && $0.completedEpochs > 0 }, "\(runs.map(\.state))")
    for run in runs where run.state == .interrupted {
      #expect(try store.folder(of: run.identity).readCheckpoint().checkpoint != nil)
    }
    let last = try labrun.run("sweep", "tiny", "--executor", executor, variables: Self.variables)
    #expect(last.status == 0, "\(last.errors)")
    #expect(try labrun.storedResults() == reference(spec))
    try expectWhole(labrun)
  }

  /// Killed at many instants, the sweep and what it has started, it stores what an undisturbed one stores.
  @Test(arguments: names) func aKilledSweepGoesOnBitForBit(by executor: String) async throws {
    let reservation = await reservation(executor)
    defer { withExtendedLifetime(reservation) {} }
    let spec = Labrun.spec(trainCount: 430, epochs: 3).replacing("\"workers\": 2", with: "\"retries\": 20")
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(spec, to: "Experiments/tiny.json")
    let stream = RandomStream(seed: 11, name: "kill \(executor)")
    for attempt in 0..<10 {
      let started = try labrun.start(["sweep", "tiny", "--executor", executor], variables: Self.variables)
      try await Task.sleep(for: .seconds(0.2 + 1.3 * Double(stream.uniform(UInt64(attempt)))))
      let children = Self.children(of: started.process.processIdentifier)
      // By turns the sweep alone, what it has started alone, and everything at once.
      if attempt % 3 != 1 { kill(started.process.processIdentifier, SIGKILL) }
      if attempt % 3 != 0 { for child in children { kill(child, SIGKILL) } }
      if attempt % 3 == 1 { started.process.interrupt() }
      _ = started.errors.fileHandleForReading.readDataToEndOfFile()
      started.process.waitUntilExit()
    }
    let last = try labrun.run("sweep", "tiny", "--executor", executor, "--retry-failed", variables: Self.variables)
    #expect(last.status == 0, "\(last.errors)")
    #expect(try labrun.storedResults() == reference(spec))
    try expectWhole(labrun)
  }

  /// The processes that a process has started.
  private static func children(of parent: pid_t) -> [pid_t] {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(parent)/task")) ?? []
    return tasks.flatMap { task in
      ((try? String(contentsOfFile: "/proc/\(parent)/task/\(task)/children", encoding: .utf8)) ?? "")
        .split(separator: " ").compactMap { pid_t($0) }
    }
  }

  // MARK: Processes

  #if os(Linux)
    /// A crash ends one run, with its reason, and the sweep goes on; it is tried again as often as the spec says.
    @Test(arguments: [0, 1]) func aCrashEndsOneRun(retries: Int) throws {
      let labrun = try Labrun()
      defer { labrun.remove() }
      let spec = Labrun.spec(trainCount: 860, epochs: 12).replacing(
        "\"workers\": 2", with: "\"workers\": 1, \"executor\": \"process\", \"retries\": \(retries)")
      try labrun.write(spec, to: "Experiments/tiny.json")
      let started = try labrun.start(["sweep", "tiny"])
      var heard = ""
      while !heard.contains("epoch 2/") {
        let data = started.errors.fileHandleForReading.availableData
        guard !data.isEmpty else { break }
        heard += String(decoding: data, as: UTF8.self)
      }
      for child in Self.children(of: started.process.processIdentifier) { kill(child, SIGSEGV) }
      heard += String(decoding: started.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      _ = started.output.fileHandleForReading.readDataToEndOfFile()
      started.process.waitUntilExit()
      #expect(started.process.terminationStatus == (retries == 0 ? 1 : 0), "\(heard)")
      #expect(heard.contains("its process was ended by signal 11 (segmentation fault)"), "\(heard)")
      #expect(heard.contains(retries == 0 ? "1 of 2 runs completed" : "2 of 2 runs completed"), "\(heard)")
      #expect(heard.contains("is tried again (1 of 1)") == (retries == 1), "\(heard)")
      let again = try labrun.run("sweep", "tiny", "--executor", "process")
      #expect(again.status == 0, "\(again.errors)")
      #expect(try labrun.storedResults() == reference(spec))
      try expectWhole(labrun)
    }

    /// Nobody is left training for a sweep that is gone.
    @Test func whatASweepHasStartedEndsWithIt() throws {
      let labrun = try Labrun()
      defer { labrun.remove() }
      try labrun.write(Labrun.spec(trainCount: 860, epochs: 400), to: "Experiments/tiny.json")
      let started = try labrun.start(["sweep", "tiny", "--executor", "process"])
      var heard = ""
      // Each of the two has something to go on from.
      while heard.ranges(of: "epoch 1/").count < 2 {
        let data = started.errors.fileHandleForReading.availableData
        guard !data.isEmpty else { break }
        heard += String(decoding: data, as: UTF8.self)
      }
      let children = Self.children(of: started.process.processIdentifier)
      #expect(children.count == 2)
      // What it has not read any more must keep nobody going.
      kill(started.process.processIdentifier, SIGSTOP)
      Thread.sleep(forTimeInterval: 1)
      kill(started.process.processIdentifier, SIGKILL)
      started.process.waitUntilExit()
      var isRunning = true
      for _ in 0..<600 where isRunning {
        isRunning = children.contains { kill($0, 0) == 0 }
        Thread.sleep(forTimeInterval: 0.05)
      }
      #expect(!isRunning)
      // Each has left a checkpoint, from which the next attempt goes on.
      let next = try labrun.start(["sweep", "tiny", "--executor", "process"])
      let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
      let runs = try store.sweep(#require(store.sweeps().first).id).runs
      var resumed = 0
      for _ in 0..<600 where resumed < runs.count {
        Thread.sleep(forTimeInterval: 0.05)
        resumed = try runs.count { run in
          try store.events(of: run.identity).contains { $0.kind == .resumed && $0.attempt == 2 }
        }
      }
      #expect(resumed == runs.count)
      next.process.interrupt()
      _ = next.errors.fileHandleForReading.readDataToEndOfFile()
      next.process.waitUntilExit()
    }
  #endif
}
