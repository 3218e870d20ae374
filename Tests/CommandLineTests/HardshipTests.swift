import Foundation
import LabCore
import LabStore
import LabStudy
import Testing

/// Machines on which something is missing: space, data, permission, vector instructions.
@Suite struct HardshipTests {
  private func runs(_ labrun: Labrun) throws -> [StoredRun] {
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    return try store.runs(sweep: #require(store.sweeps().first).id)
  }

  /// A limit on the size of files stands for a full disk: writing fails in the same places.
  @Test func sweepOnAFullDiskSaysSoAndGoesOnWhenThereIsSpace() throws {
    let full = try Labrun()
    let roomy = try Labrun()
    defer {
      full.remove()
      roomy.remove()
    }
    for labrun in [full, roomy] {
      try labrun.write(Labrun.spec(epochs: 3, seeds: "[0, 1]"), to: "Experiments/tiny.json")
    }
    // The decoded data are not what is to fail.
    #expect(try full.run("sweep", "tiny", "--dry-run").status == 0)

    // In units of 512 bytes; the database alone fits, and a checkpoint does not.
    let stopped = try full.run("sweep", "tiny", "--results", "Results", after: "ulimit -f 1000")
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
      "sweep", "tiny", "--results", "Narrow", variables: ["LABRUN_MAX_ISA": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"])
    #expect(narrow.status == 0, "\(narrow.errors)")
    let wide = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    let other = try StudyStore(reading: labrun.folder.appendingPathComponent("Narrow").path)
    for run in try runs(labrun) {
      let processor = try #require(other.attempts(at: run.identity).last?.provenance?.processor)
      #expect(!processor.contains("avx512"))
      let (expected, found) = try (wide.epochs(of: run.identity), other.epochs(of: run.identity))
      #expect(abs(expected[0].metrics.trainLoss - found[0].metrics.trainLoss) < 1e-3 * expected[0].metrics.trainLoss)
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
}
