import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// Machines on which something is missing: space, data, permission, vector instructions.
@Suite struct HardshipTests {
  private func runs(_ labrun: Labrun) throws -> [Run] {
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    return try store.sweep(#require(store.sweeps().first).id).runs
  }

  /// A limit on the size of files stands for a full disk: writing fails in the same places.
  @Test(arguments: ["thread", "process"]) func sweepOnAFullDiskSaysSoAndGoesOnWhenThereIsSpace(executor: String) throws
  {
    let full = try Labrun()
    let roomy = try Labrun()
    defer {
      full.remove()
      roomy.remove()
    }
    for labrun in [full, roomy] {
      let spec = Labrun.spec(epochs: 3, seeds: "[0, 1]").replacing("\"width\": 16", with: "\"width\": 32")
        .replacing("\"workers\": 2", with: "\"workers\": 2, \"executor\": \"\(executor)\"")
      try labrun.write(spec, to: "Experiments/tiny.json")
    }
    // The decoded data are not what is to fail.
    #expect(try full.run("sweep", "tiny", "--dry-run").status == 0)

    // In units of 512 bytes; the database alone fits, and a checkpoint does not.
    let stopped = try full.run("sweep", "tiny", "--results", "Results", after: "ulimit -f 4000")
    #expect(stopped.status == 74, "\(stopped.errors)")
    #expect(stopped.errors.contains("there is no space left to write Results/"))
    #expect(stopped.errors.contains("To go on with the 4 runs left: labrun sweep tiny --results Results"))
    #expect(!stopped.errors.contains("another process"))
    #expect(!(stopped.errors + stopped.output).contains("running"), "nothing runs any more")
    let files = FileManager.default.enumerator(atPath: full.folder.appendingPathComponent("Results").path)
    #expect(files?.allObjects.contains { "\($0)".contains(".tmp") } == false)
    let table = try full.run("table")
    #expect(table.status == 0)
    #expect(!table.output.contains("running"), "nothing runs any more:\n\(table.output)")

    let resumed = try full.run("sweep", "tiny")
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try roomy.run("sweep", "tiny").status == 0)
    let store = try StudyStore(reading: full.folder.appendingPathComponent(full.results).path)
    let expected = try StudyStore(reading: roomy.folder.appendingPathComponent(roomy.results).path)
    for run in try runs(full) {
      #expect(run.state == .completed)
      #expect(
        try store.finalRecord(of: run.identity)?.weightsHash == expected.finalRecord(of: run.identity)?.weightsHash)
      #expect(try store.epochs(of: run.identity).map(\.metrics) == expected.epochs(of: run.identity).map(\.metrics))
    }
  }

  @Test func aTableThatCannotBeWrittenIsAnError() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
    let result = try labrun.run("schema", after: "exec > /dev/full")
    #expect(result.status == 74)
    #expect(result.errors.contains("cannot write to standard output: No space left on device"))
  }

  @Test func aClosedPipeIsNoReasonToComplain() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let result = try labrun.run("-c", after: "\"$0\" schema | head -n 1; exit")
    #expect(result.output == "{\n")
    #expect(result.errors.isEmpty)
  }

  @Test func withoutTheRealImagesASpecRunsOnBuiltInOnes() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let nowhere = ["XDG_DATA_DIRS": "/nonexistent"]
    let named = Labrun.spec().replacingOccurrences(
      of: "{ \"name\": \"synthetic-signs\", \"train_count\": 86, \"test_count\": 86, \"image_size\": 16 }",
      with: "{ \"name\": \"fashion-mnist\", \"train_limit\": 86, \"test_limit\": 86 }")
    #expect(named.contains("fashion-mnist"))
    let unnamed = named.replacingOccurrences(of: "\"name\": \"fashion-mnist\", ", with: "")
      .replacingOccurrences(of: "\"dataset\": { \"train_limit\": 86, \"test_limit\": 86 },", with: "")
    #expect(!unnamed.contains("dataset"))
    try labrun.write(named, to: "Experiments/named.json")
    try labrun.write(unnamed, to: "Experiments/unnamed.json")
    try labrun.write("dataset: fashion-mnist\nname: yaml\ntraining: {epochs: 1}\n", to: "Experiments/yaml.yaml")
    for spec in ["named", "unnamed", "yaml"] {
      let plan = try labrun.run("sweep", spec, "--dry-run", variables: nowhere)
      #expect(plan.status == 0, "\(plan.errors)")
      #expect(
        plan.errors.contains("note: Fashion-MNIST is not installed, so this runs on the built-in synthetic-signs"))
      #expect(plan.errors.contains("apt install dataset-fashion-mnist"))
    }
    let described = try labrun.run("describe", "named", variables: nowhere)
    #expect(described.status == 0, "\(described.errors)")

    // It is data that are replaced, whatever else is called like them.
    let called = named.replacingOccurrences(of: "\"name\": \"tiny\"", with: "\"name\": \"fashion-mnist\"")
      .replacingOccurrences(of: "\"factors\": {", with: "\"description\": \"fashion-mnist\", \"factors\": {")
    #expect(called != named)
    try labrun.write(called, to: "Experiments/called.json")
    let sweep = try labrun.run("sweep", "called", "--limit", "1", variables: nowhere)
    #expect(sweep.status == 0, "\(sweep.errors)")
    #expect(try labrun.run("list").output.contains("fashion-mnist"))
    let trained = try #require(
      FileManager.default.contentsOfDirectory(atPath: labrun.folder.appendingPathComponent("Results/runs").path).first)
    let shown = try JSONValue(parsing: labrun.run("show", trained, "--json").output)
    #expect(shown[path: "configuration.dataset.name"] == "synthetic-signs")

    // A study of both has the same variant twice then, which is trained once.
    let levels = ["fashion-mnist", "synthetic-signs"].map {
      "\"\($0)\": { \"dataset\": { \"name\": \"\($0)\", \"train_limit\": 86, \"test_limit\": 86 } }"
    }
    try labrun.write(
      called.replacingOccurrences(of: "\"baseline\": {", with: "\"baseline\": { \"data\": \"synthetic-signs\",")
        .replacingOccurrences(
          of: "\"factors\": {", with: "\"factors\": { \"data\": { \(levels.joined(separator: ", ")) },"),
      to: "Experiments/both.json")
    let both = try labrun.run("sweep", "both", "--dry-run", variables: nowhere)
    #expect(both.output.contains("fashion-mnist is the same as"), "\(both.output) \(both.errors)")

    // A folder that the spec names is the user's own, and nothing is put in its place.
    try labrun.write(
      named.replacingOccurrences(of: "\"train_limit\"", with: "\"path\": \"/nonexistent\", \"train_limit\""),
      to: "Experiments/own.json")
    let own = try labrun.run("sweep", "own", "--dry-run", variables: nowhere)
    #expect(own.status == 65)
    #expect(own.errors.contains("/nonexistent"))
    #expect(!own.errors.contains("so this runs on"))
  }

  /// Blocks of eight channels, from the spec to the stored metrics, with oneDNN held to the same instructions.
  @Test func narrowerVectorsTrainToNearlyTheSameNumbers() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 1), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let narrow = try labrun.run(
      "sweep", "tiny", "--results", "Narrow", variables: ["LABRUN_MAX_ISA": "avx2"])
    #expect(narrow.status == 0, "\(narrow.errors)")
    // What oneDNN's own variable says is what it is held to anyway.
    let both = try labrun.run(
      "sweep", "tiny", "--results", "Both", variables: ["LABRUN_MAX_ISA": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"])
    #expect(both.status == 0, "\(both.errors)")
    let same = try StudyStore(reading: labrun.folder.appendingPathComponent("Both").path)
    let wide = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    let other = try StudyStore(reading: labrun.folder.appendingPathComponent("Narrow").path)
    for run in try runs(labrun) {
      let processor = try #require(other.attempts(at: run.identity).last?.provenance?.processor)
      #expect(!processor.contains("avx512"))
      let (expected, found) = try (wide.epochs(of: run.identity), other.epochs(of: run.identity))
      let losses = [expected, found].compactMap { $0[0].metrics["train_loss"] }
      #expect(losses.count == 2 && abs(losses[0] - losses[1]) < 1e-3 * losses[0])
      let hashes = try [other, same].map { try $0.finalRecord(of: run.identity)?.weightsHash }
      #expect(hashes[0] != nil && hashes[0] == hashes[1])
    }
  }

  @Test func aDirectoryThatIsAFileIsNamed() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(), to: "Experiments/tiny.json")
    try labrun.write("a file", to: "taken")
    let result = try labrun.run("sweep", "tiny", "--results", "taken")
    #expect(result.status == 74)
    #expect(result.errors.contains("cannot create the results folder taken: File exists"))
  }

  /// Whatever the limit on open files refuses, runs are tried again and nothing is failed for good.
  @Test func tooManyOpenFilesAreNotTheRunsFault() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 1, seeds: "[0, 1]"), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny", "--dry-run").status == 0)
    var refused = 0
    for limit in [14, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36] {
      let folder = "Results-\(limit)"
      let result = try labrun.run("sweep", "tiny", "--results", folder, after: "ulimit -n \(limit)")
      #expect([0, 74].contains(result.status), "\(limit): \(result.errors)")
      if result.status == 74 {
        refused += 1
        #expect(result.errors.contains("Too many open files"), "\(limit): \(result.errors)")
      }
      let again = try labrun.run("sweep", "tiny", "--results", folder)
      #expect(again.status == 0, "\(limit): \(again.errors)")
    }
    #expect(refused > 0)
  }

  /// More runs at a time write more files at a time, which is asked for before any is trained.
  @Test func openFilesAreAskedForByWorkers() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 1, seeds: "20"), to: "Experiments/tiny.json")
    let result = try labrun.run("sweep", "tiny", "--workers", "40", after: "ulimit -n 50")
    #expect(result.status == 74)
    #expect(
      result.errors.contains("a sweep needs 59 open files at least, but the system refuses them"), "\(result.errors)")
    #expect(result.errors.contains("or use fewer --workers; nothing was trained"))
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent(labrun.results).path))
  }

  /// With too little memory for a sweep, it says so instead of waiting for ever or ending by a signal.
  @Test(arguments: [150, 250, 350, 450, 550, 650]) func tooLittleMemoryIsOneSentence(megabytes: Int) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 1), to: "Experiments/tiny.json")
    let result = try labrun.run(
      "sweep", "tiny", "--results", "Results",
      after: "ulimit -c 0; ulimit -v \(megabytes * 1024); exec timeout -s KILL 60 \"$0\" \"$@\"")
    // Less than the libraries need is refused by the system before the program begins.
    let refusals = ["error while loading shared libraries", "libgomp: Out of memory"]
    let isOurs = result.errors.split(separator: "\n").contains { $0.hasPrefix("labrun: ") }
    guard isOurs || !refusals.contains(where: result.errors.contains) else { return }
    #expect([0, 74].contains(result.status), "\(result.errors)")
    if result.status == 74 { #expect(result.errors.contains("labrun: ") && result.errors.contains("ulimit -v")) }
    #expect(try labrun.run("sweep", "tiny").status == 0)
  }

  /// A study whose files will not fit on the disk is told so before anything is trained.
  @Test func tooLittleSpaceIsToldBeforehand() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    func dryRun(seedCount: Int) throws -> Labrun.Result {
      let seeds = "[\((0..<seedCount).map(String.init).joined(separator: ", "))]"
      let wide = Labrun.spec(seeds: seeds).replacingOccurrences(of: "\"width\": 16", with: "\"width\": 512")
        .replacingOccurrences(of: ", \"odconv-1x\"", with: "")
      try labrun.write(wide, to: "Experiments/wide.json")
      return try labrun.run("sweep", "wide", "--dry-run", "--json")
    }
    let one = try dryRun(seedCount: 1)
    #expect(one.status == 0 && !one.errors.contains("the files of"), "\(one.errors)")
    let rows = try JSONValue(parsing: one.output)["rows"]?.arrayValue
    let parameters = try #require(rows?.first?["parameters"]?.integerValue)
    let free = try #require(FreeSpace.bytes(at: labrun.folder.path))
    // Two checkpoints with moments and averages take more than twenty bytes a parameter; other tests free space meanwhile.
    let count = free / (parameters * 20) * 3 / 2 + 2
    let many = try dryRun(seedCount: count)
    #expect(many.status == 0, "\(many.errors)")
    #expect(many.errors.contains("warning: the files of \(count) runs may take "), "\(many.errors)")
    #expect(many.errors.contains(" left. Make space, or name another folder with --results"), "\(many.errors)")
    #expect(try JSONValue(parsing: many.output)["rows"]?.arrayValue?.count == count)
  }

  /// What a study would need is told without taking it.
  @Test func aDryRunNeedsLittleMemoryItself() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let wide = Labrun.spec(epochs: 1).replacingOccurrences(of: "\"width\": 16", with: "\"width\": 512")
      .replacingOccurrences(of: ", \"odconv-1x\"", with: "")
    try labrun.write(wide, to: "Experiments/wide.json")
    let free = try labrun.run("sweep", "wide", "--dry-run", "--json")
    #expect(free.status == 0, "\(free.errors)")
    let rows = try JSONValue(parsing: free.output)["rows"]
    guard case .array(let cells)? = rows, case .object(let cell)? = cells.first else {
      Issue.record("no plan: \(free.output)")
      return
    }
    let memory = cell.first { $0.key.contains("memory") }?.value
    guard case .integer(let bytes)? = memory else {
      Issue.record("no memory: \(cell)")
      return
    }
    // Weights, momentum and gradients alone exceed the limit.
    let limit = 900
    #expect(bytes > limit << 20)
    let limited = try labrun.run("sweep", "wide", "--dry-run", "--json", after: "ulimit -v \(limit * 1024)")
    #expect(limited.status == 0, "\(limited.errors)")
    #expect(limited.output.contains("\(bytes)"))
    // The run itself is refused before it begins.
    let refused = try labrun.run("sweep", "wide", "--results", "Results", after: "ulimit -v \(limit * 1024)")
    #expect(refused.status == 74)
    #expect(refused.errors.contains("nothing was trained"))
  }

  @Test func timeInWhichTheProcessWasStoppedIsNotCounted() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 60), to: "Experiments/tiny.json")
    let started = try labrun.start(["sweep", "tiny", "--results", "Results", "--workers", "1"])
    var heard = ""
    while !heard.contains("epoch 2/"), started.process.isRunning {
      heard += String(decoding: started.errors.fileHandleForReading.availableData, as: UTF8.self)
    }
    let stopped = 6.0
    kill(started.process.processIdentifier, SIGSTOP)
    Thread.sleep(forTimeInterval: stopped)
    kill(started.process.processIdentifier, SIGCONT)
    _ = started.errors.fileHandleForReading.readDataToEndOfFile()
    started.process.waitUntilExit()
    #expect(started.process.terminationStatus == 0)
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    for run in try runs(labrun) {
      for epoch in try store.epochs(of: run.identity) {
        #expect(epoch.timing.trainSeconds + epoch.timing.evaluationSeconds < stopped - 1)
        #expect(epoch.timing.trainSeconds > 0 && epoch.timing.imagesPerSecond > 0)
      }
    }
  }

  @Test func memoryIsMeasuredAndThePlanHasItsOwnName() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    for run in try runs(labrun) {
      let timings = try store.epochs(of: run.identity).map(\.timing)
      let planned = try #require(timings.last?.plannedMemoryBytes)
      let peak = try #require(timings.last?.peakMemoryBytes)
      #expect(peak != planned)
      // A process with its libraries and data, and not more than one.
      #expect(peak > max(planned, 10 << 20) && peak < 16 << 30)
      #expect(timings.allSatisfy { $0.plannedMemoryBytes == planned })
      let shown = try labrun.run("show", run.identity.hash.hexadecimal, "--json").output
      #expect(shown.contains("\"planned_memory_bytes\"") && shown.contains("\"peak_memory_bytes\""))
    }
  }
}
