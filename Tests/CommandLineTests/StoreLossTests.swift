import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// Results folders that lose parts, or get others back from a copy: nothing is called completed that cannot be found.
@Suite(.serialized) struct StoreLossTests {
  private struct RunResult: Equatable {
    var state: RunState
    var epochs: [Metrics]
    var test: Metrics?
    var weightsHash: ContentHash?
    var bestEpoch: Int?
  }

  private static func spec(epochs: Int, seeds: String = "[0]") -> String {
    Labrun.spec(trainCount: 172, epochs: epochs, seeds: seeds)
      .replacingOccurrences(of: "\"image_size\": 16", with: "\"image_size\": 16, \"validation\": 44")
      .replacingOccurrences(of: "\"batch_size\": 16", with: "\"batch_size\": 16, \"final_weights\": \"best\"")
  }

  private func results(_ labrun: Labrun, in folder: String? = nil) throws -> [String: RunResult] {
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(folder ?? labrun.results).path)
    var results: [String: RunResult] = [:]
    guard let sweep = try store.sweeps().first else { return [:] }
    for run in try store.sweep(sweep.id).runs {
      let final = try store.finalRecord(of: run.identity)
      results[run.identity.short] = RunResult(
        state: run.state, epochs: try store.epochs(of: run.identity).map(\.metrics),
        test: final?.metrics.only(split: "test"),
        weightsHash: final?.weightsHash, bestEpoch: final?.bestEpoch)
    }
    return results
  }

  private func warnings(_ labrun: Labrun) throws -> [String] {
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    return try store.sweep(#require(store.sweeps().first).id).runs.flatMap { try store.events(of: $0.identity) }
      .filter { $0.kind == .warning }.map(\.message)
  }

  private func file(_ labrun: Labrun, _ name: String) -> URL { labrun.folder.appendingPathComponent("Results/\(name)") }

  private func files(_ labrun: Labrun, named name: String) -> [URL] {
    let runs = (try? FileManager.default.contentsOfDirectory(atPath: file(labrun, "runs").path)) ?? []
    return runs.sorted().map { file(labrun, "runs/\($0)/\(name)") }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// Starts a sweep and kills it once every run has so many epochs on record.
  private func killSweep(_ labrun: Labrun, afterEpochs epochs: Int) throws {
    let started = try labrun.start(["sweep", "tiny"])
    defer {
      kill(started.process.processIdentifier, SIGKILL)
      started.process.waitUntilExit()
    }
    for _ in 0..<3000 {
      if let known = try? results(labrun), known.count == 2, known.values.allSatisfy({ $0.epochs.count >= epochs }) {
        return
      }
      Thread.sleep(forTimeInterval: 0.02)
    }
    Issue.record("the sweep came to no epoch")
  }

  /// Removes a folder in which another process writes, with what is in it now.
  ///
  /// A file may go or come while it is read; what the process saves meanwhile stays.
  private func removeWhileWrittenTo(_ folder: URL) throws {
    let manager = FileManager.default
    for name in try manager.contentsOfDirectory(atPath: folder.path) where !name.hasPrefix("labrun-rescued") {
      let path = folder.appendingPathComponent(name).path
      var attempts = 0
      while manager.fileExists(atPath: path) {
        do { try manager.removeItem(atPath: path) } catch let error as CocoaError {
          // It was not empty any more when its turn came, or what was a file a moment ago was none.
          attempts += 1
          guard attempts < 100 else { throw error }
        }
      }
    }
    rmdir(folder.path)
  }

  @Test(arguments: ["labrun.sqlite", "Results", "replaced", "moved"])
  func aDatabaseThatIsTakenAwayFromASweepIsAnErrorAndIsSaved(what: String) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Self.spec(epochs: 30), to: "Experiments/tiny.json")
    let started = try labrun.start(["sweep", "tiny"])
    for _ in 0..<3000 {
      if (try? results(labrun))?.values.contains(where: { !$0.epochs.isEmpty }) == true { break }
      Thread.sleep(forTimeInterval: 0.02)
    }
    let manager = FileManager.default
    let database = file(labrun, "labrun.sqlite")
    switch what {
    case "Results": try removeWhileWrittenTo(labrun.folder.appendingPathComponent("Results"))
    case "moved":
      try manager.moveItem(
        at: labrun.folder.appendingPathComponent("Results"), to: labrun.folder.appendingPathComponent("Elsewhere"))
    case "replaced":
      do { _ = try StudyStore(folder: labrun.folder.appendingPathComponent("Other").path) }
      try manager.removeItem(at: database)
      try manager.moveItem(at: labrun.folder.appendingPathComponent("Other/labrun.sqlite"), to: database)
    default: try manager.removeItem(at: database)
    }
    let errors = String(decoding: started.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    started.process.waitUntilExit()
    #expect(started.process.terminationStatus == 74, "\(errors)")
    #expect(!errors.contains("runs completed"), "\(errors)")
    let happened =
      switch what {
      case "replaced": "was replaced by another file"
      case "moved": "was moved with its folder to "
      default: "was deleted or moved away"
      }
    #expect(errors.contains("the results database Results/labrun.sqlite \(happened)"), "\(errors)")
    #expect(errors.contains("saved in Results/labrun-rescued.sqlite") == (what != "moved"), "\(errors)")
    if what == "moved" {
      let again = try labrun.run("sweep", "tiny", "--results", "Elsewhere")
      #expect(again.status == 0, "\(again.errors)")
      #expect(
        try results(labrun, in: "Elsewhere").values.allSatisfy { $0.state == .completed && $0.epochs.count == 30 })
    }
    if what == "labrun.sqlite" {
      // The saved copy in its place goes on, and ends in what an undisturbed sweep gives.
      try manager.moveItem(at: file(labrun, "labrun-rescued.sqlite"), to: database)
      let again = try labrun.run("sweep", "tiny")
      #expect(again.status == 0, "\(again.errors)")
      let undisturbed = try labrun.run("sweep", "tiny", "--results", "Undisturbed")
      #expect(undisturbed.status == 0)
      #expect(try results(labrun) == results(labrun, in: "Undisturbed"))
    }
  }

  /// The database is moved away, as the message on a damaged one advises.
  @Test func filesOfAnotherDatabaseAreNotTakenForItsResults() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let spec = Self.spec(epochs: 2).replacing("\"workers\": 2", with: "\"workers\": 2, \"keep_checkpoints\": true")
    try labrun.write(spec, to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let before = try results(labrun)
    try FileManager.default.removeItem(at: file(labrun, "labrun.sqlite"))
    let second = try labrun.run("sweep", "tiny")
    #expect(second.status == 0, "\(second.errors)")
    #expect(second.errors.contains("belongs to another database; it was set aside as checkpoint.h5.set-aside"))
    #expect(try results(labrun) == before)
    #expect(before.values.allSatisfy { $0.state == .completed && $0.epochs.count == 2 })
    #expect(try warnings(labrun).count >= 2)
    #expect(files(labrun, named: "checkpoint.h5.set-aside").count == 2)
    #expect(try labrun.run("doctor", "--check").status == 0)
  }

  /// Single files of a killed sweep are put back to an earlier time, damaged or lost; the sweep that goes on ends in the
  /// results of an undisturbed one, or says that it begins anew and then does.
  @Test func restoredDamagedAndLostFilesChangeNoResult() throws {
    let undisturbed = try Labrun()
    let labrun = try Labrun()
    defer {
      undisturbed.remove()
      labrun.remove()
    }
    for labrun in [undisturbed, labrun] { try labrun.write(Self.spec(epochs: 8), to: "Experiments/tiny.json") }
    #expect(try undisturbed.run("sweep", "tiny").status == 0)
    let expected = try results(undisturbed)
    let names = ["checkpoint.h5", "checkpoint-previous.h5", "weights-best.h5"]
    let random = RandomStream(seed: 3, name: "loss")
    var draw: UInt64 = 0
    func below(_ bound: Int) -> Int {
      draw += 1
      return random.integer(below: bound, draw)
    }
    for trial in 0..<4 {
      try? FileManager.default.removeItem(at: labrun.folder.appendingPathComponent("Results"))
      try killSweep(labrun, afterEpochs: 1)
      var old: [URL: Data] = [:]
      for url in names.flatMap({ files(labrun, named: $0) }) { old[url] = try Data(contentsOf: url) }
      try killSweep(labrun, afterEpochs: 3)
      for url in old.keys.sorted(by: { $0.path < $1.path }) {
        switch below(4) {
        case 0: try old[url]?.write(to: url)
        case 1:
          guard var bytes = try? Data(contentsOf: url) else { continue }
          bytes[below(bytes.count)] ^= 1
          try bytes.write(to: url)
        case 2: try? FileManager.default.removeItem(at: url)
        default: break
        }
      }
      let resumed = try labrun.run("sweep", "tiny")
      #expect(resumed.status == 0, "trial \(trial): \(resumed.errors)")
      #expect(try results(labrun) == expected, "trial \(trial): \(resumed.errors)")
    }
  }

  @Test func aCompletedRunWhoseWeightsAreLostIsTrainedAgainAndSaysSo() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Self.spec(epochs: 2), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let before = try results(labrun)
    let weights = try #require(files(labrun, named: "weights-final.h5").first)
    let run = weights.deletingLastPathComponent().lastPathComponent
    try FileManager.default.removeItem(at: weights)

    let checked = try labrun.run("doctor", "--check")
    #expect(checked.status == 65)
    #expect(checked.output.contains("weights-final.h5: the file is gone"))
    #expect(checked.output.contains("start the sweep again"))
    let json = try JSONValue(parsing: labrun.run("doctor", "--check", "--json").output)
    #expect(json["ok"] == false && json["problems"]?.arrayValue?.count == 1)
    #expect(try labrun.run("show", run).output.contains("weights-final.h5"))
    #expect(try labrun.run("sweep", "tiny", "--dry-run", "--json").output.contains("is gone; tried again"))

    let second = try labrun.run("sweep", "tiny")
    #expect(second.status == 0, "\(second.errors)")
    #expect(second.errors.contains("the run counted as completed, but Results/runs/\(run)/weights-final.h5 is gone"))
    #expect(second.errors.contains("1 reused"))
    #expect(try results(labrun) == before)
    #expect(try labrun.run("doctor", "--check").status == 0)
  }

  @Test func weightsThatAreNotTheRunsAreNotEvaluated() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Self.spec(epochs: 2), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let weights = try #require(files(labrun, named: "weights-best.h5").first)
    let run = weights.deletingLastPathComponent().lastPathComponent
    #expect(try labrun.run("evaluate", run).status == 0)
    var bytes = try Data(contentsOf: weights)
    bytes.replaceSubrange(0..<512, with: Data(count: 512))
    bytes[bytes.count - 1000] ^= 0x40
    try bytes.write(to: weights)
    let result = try labrun.run("evaluate", run)
    #expect(result.status == 74, "\(result.output)")
    #expect(result.errors.contains("is damaged"))
  }
}
