import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// Sweeps as processes: what they store, and what survives when they are stopped.
@Suite(.serialized) struct SweepTests {
  @Test func sweepTrainsOncePrintsATableAndKeepsFiles() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(), to: "Experiments/tiny.json")
    let first = try labrun.run("sweep", "tiny")
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output.contains("odconv-1x"))
    #expect(first.errors.contains("2 of 2 runs completed (2 trained)"))
    let stored = try labrun.storedResults()
    #expect(stored.count == 2)
    #expect(stored.values.allSatisfy { $0.state == .completed && $0.epochs.count == 2 && $0.weightsHash != nil })

    let second = try labrun.run("sweep", "tiny")
    #expect(second.status == 0)
    #expect(second.errors.contains("(2 reused)"))
    #expect(try labrun.storedResults() == stored)

    let table = try labrun.run("table", "--format", "csv")
    #expect(table.status == 0)
    #expect(table.output.split(separator: "\n").count == 3)
    let run = try #require(stored.keys.first)
    let show = try labrun.run("show", run)
    #expect(show.status == 0, "\(show.errors)")
    #expect(show.output.contains("confusion") || show.output.contains("confused"))
    let files = try FileManager.default.contentsOfDirectory(
      atPath: labrun.folder.appendingPathComponent("Results/runs/\(run)").path)
    #expect(Set(files).isSuperset(of: ["weights-final.h5", "predictions.h5"]) && !files.contains("checkpoint.h5"))
    #expect(files.allSatisfy { !$0.contains(".tmp") })
  }

  @Test func precisionsCanBeComparedAndAreExplained() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    var spec = try JSONValue(parsing: Labrun.spec())
    spec["factors"] = ["precision": ["f32", "bf16"]]
    spec["baseline"] = ["precision": "f32"]
    try labrun.write(spec.prettyText(), to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny")
    #expect(sweep.status == 0, "\(sweep.errors)")
    #expect(sweep.errors.contains("2 of 2 runs completed (2 trained)"))
    let hasNoUnits = try labrun.run("doctor").output.contains("bf16 products: none")
    #expect(sweep.errors.contains("note: this processor multiplies no bf16 numbers") == hasNoUnits)
    // Rounding shows in the weights, and no more than that in what was learned.
    let stored = try labrun.storedResults().values
    #expect(Set(stored.map(\.weightsHash)).count == 2)
    let losses = stored.compactMap { $0.epochs.last?["train_loss"] }
    #expect(losses.count == 2 && abs(losses[0] - losses[1]) < 0.2 * abs(losses[0]), "\(losses)")
  }

  /// What was measured decides again: in other sweeps while the file lives, in an interrupted run even without it.
  @Test func measuredMethodsAreKeptRecordedAndRepeated() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    var spec = try JSONValue(parsing: Labrun.spec(trainCount: 860, epochs: 6))
    spec["training"]?["algorithms"] = "calibrated"
    try labrun.write(spec.prettyText(), to: "Experiments/tiny.json")
    let cache = ["LABRUN_CACHE": labrun.folder.appendingPathComponent("cache").path]
    func sweep(_ folder: String) throws -> Labrun.Result {
      try labrun.run("sweep", "tiny", "--results", folder, variables: cache)
    }
    let first = try sweep("first")
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.errors.contains("convolutions for \"calibrated\" in "))
    let stored = try labrun.storedResults(in: "first")

    let second = try sweep("second")
    #expect(second.status == 0 && !second.errors.contains("calibrated"), "\(second.errors)")
    #expect(try labrun.storedResults(in: "second") == stored)

    let started = try labrun.start(["sweep", "tiny", "--results", "killed"], variables: cache)
    let runs = labrun.folder.appendingPathComponent("killed/runs").path
    for _ in 0..<600 {
      let paths = (try? FileManager.default.subpathsOfDirectory(atPath: runs)) ?? []
      if paths.count(where: { $0.hasSuffix("/checkpoint.h5") }) == 2 { break }
      Thread.sleep(forTimeInterval: 0.05)
    }
    kill(started.process.processIdentifier, SIGKILL)
    started.process.waitUntilExit()
    #expect(try labrun.storedResults(in: "killed").values.allSatisfy { $0.state != .completed })
    try turnMethods(inFilesOf: labrun.folder.appendingPathComponent("cache/calibration"))
    let resumed = try sweep("killed")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try labrun.storedResults(in: "killed") == stored)

    #expect(try sweep("turned").status == 0)
    #expect(
      try labrun.storedResults(in: "turned").values.allSatisfy { turned in stored.values.allSatisfy { $0 != turned } })
    let run = try #require(stored.keys.first)
    let shown = try JSONValue(parsing: labrun.run("show", run, "--results", "turned", "--json").output)
    guard case .object(let methods)? = shown["choices"]?["convolutions"] else {
      Issue.record("no methods are shown")
      return
    }
    #expect(methods.count > 5 && methods.keys.contains { $0.contains("gradient (16×16×16×16, ") })
    #expect(shown["provenance"]?["convolutions"] != nil)
  }

  /// Makes direct convolutions of filtered ones in files of measured methods, and filtered ones of direct ones.
  private func turnMethods(inFilesOf folder: URL) throws {
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "json" }
    try #require(files.count == 1)
    var content = try JSONValue(parsing: String(contentsOf: files[0], encoding: .utf8))
    guard case .object(let passes)? = content["passes"] else { throw CocoaError(.fileReadCorruptFile) }
    for (pass, measured) in passes {
      content["passes"]?[pass]?["method"] = measured["method"] == "direct" ? "winograd 4×4" : "direct"
    }
    try Data(content.prettyText().utf8).write(to: files[0])
  }

  /// Killed at many instants and started again, a sweep stores what an undisturbed one stores.
  @Test func killedSweepsGoOnBitForBit() throws {
    let undisturbed = try Labrun()
    let killed = try Labrun()
    defer {
      undisturbed.remove()
      killed.remove()
    }
    let spec = Labrun.spec(trainCount: 430, epochs: 3)
    for labrun in [undisturbed, killed] { try labrun.write(spec, to: "Experiments/tiny.json") }
    #expect(try undisturbed.run("sweep", "tiny").status == 0)

    let stream = RandomStream(seed: 7, name: "kill")
    for attempt in 0..<12 {
      let started = try killed.start(["sweep", "tiny"])
      Thread.sleep(forTimeInterval: 0.2 + 1.3 * Double(stream.uniform(UInt64(attempt))))
      kill(started.process.processIdentifier, SIGKILL)
      started.process.waitUntilExit()
    }
    let last = try killed.run("sweep", "tiny")
    #expect(last.status == 0, "\(last.errors)")
    #expect(try killed.storedResults() == undisturbed.storedResults())
  }

  @Test func interruptedSweepTellsHowToResumeAndDoes() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(trainCount: 860, epochs: 20), to: "Experiments/tiny.json")
    let started = try labrun.start(["sweep", "tiny"])
    // Only once runs are on record is there something to interrupt.
    let database = labrun.folder.appendingPathComponent("Results/runs").path
    for _ in 0..<600 {
      if let runs = try? FileManager.default.contentsOfDirectory(atPath: database), runs.count == 2 { break }
      Thread.sleep(forTimeInterval: 0.1)
    }
    started.process.interrupt()
    let errors = started.errors.fileHandleForReading.readDataToEndOfFile()
    _ = started.output.fileHandleForReading.readDataToEndOfFile()
    started.process.waitUntilExit()
    let text = String(decoding: errors, as: UTF8.self)
    #expect(started.process.terminationStatus == 130, "\(text)")
    #expect(text.contains("labrun sweep tiny"))
    #expect(try labrun.storedResults().values.contains { $0.state == .interrupted })
  }

  @Test func failingFastIsNoInterruptionAndFreshRunsAreNotResumed() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let spec = Labrun.spec().replacingOccurrences(of: "\"learning_rate\": 0.05", with: "\"learning_rate\": 1e30")
    #expect(spec.contains("1e30"))
    try labrun.write(spec, to: "Experiments/wild.json")
    let failed = try labrun.run("sweep", "wild", "--fail-fast", "--workers", "1")
    #expect(failed.status == 1, "\(failed.errors)")
    #expect(failed.errors.contains("the loss became "))
    #expect(!failed.errors.contains("interrupted"))
    #expect(failed.errors.contains("To go on with the 1 run left: labrun sweep wild --workers 1\n"))
    #expect(failed.errors.contains("To try the 1 unsuccessful run again: labrun sweep wild --workers 1 --retry-failed"))

    try labrun.write(Labrun.spec(name: "calm"), to: "Experiments/calm.json")
    #expect(try labrun.run("sweep", "calm").errors.contains("2 of 2 runs completed (2 trained)"))
    #expect(try labrun.run("sweep", "calm", "--fresh").errors.contains("2 of 2 runs completed (2 trained)"))
  }

  @Test func twoSweepsAtOnceTrainNoCellTwice() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(seeds: "[0, 1, 2]"), to: "Experiments/tiny.json")
    let processes = try (0..<2).map { _ in try labrun.start(["sweep", "tiny"]) }
    for started in processes {
      _ = started.output.fileHandleForReading.readDataToEndOfFile()
      _ = started.errors.fileHandleForReading.readDataToEndOfFile()
      started.process.waitUntilExit()
      #expect(started.process.terminationStatus == 0)
    }
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    let sweep = try #require(store.sweeps().first)
    for run in try store.sweep(sweep.id).runs {
      #expect(run.state == .completed)
      #expect(try store.attempts(at: run.identity).count == 1)
    }
  }
}
