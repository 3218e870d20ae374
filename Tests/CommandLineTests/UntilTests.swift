import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// Sweeps that add seeds until intervals are narrow enough.
@Suite(.serialized) struct UntilTests {
  /// A spec of two variants and two seeds, a second's work each.
  private let spec = Labrun.spec(epochs: 1, seeds: "[3, 1]").replacingOccurrences(
    of: #""seeds""#, with: #""analysis": { "metric": "log_loss" }, "seeds""#)

  private func sweep(_ labrun: Labrun) throws -> Sweep {
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    let sweeps = try store.sweeps()
    #expect(sweeps.count == 1, "one sweep grows")
    return try store.sweep(#require(sweeps.first).id)
  }

  @Test func seedsAreAddedInWholeBlocksToOneSweep() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(spec, to: "Experiments/tiny.json")
    let options = ["sweep", "tiny", "--until", "log_loss +- 50", "--max-seeds", "8"]
    let plan = try labrun.run(options + ["--dry-run"])
    #expect(plan.status == 0 && plan.output.contains("4 runs: 4 to run"), "\(plan.errors)\(plan.output)")
    #expect(
      plan.output.replacing(/\s+/, with: " ").contains(
        "after the 2 seeds so far, seeds are added until the widest interval of test_log_loss is at most ± 50, with at most "
          + "8 seeds"), "\(plan.output)")

    let result = try labrun.run(options + ["--json"])
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.errors.contains("test_log_loss: no comparison has an interval yet with 2 seeds; 3 more\n"),
      "\(result.errors)")
    #expect(
      result.errors.contains(/test_log_loss: widest interval ± [0-9.]+ with 5 seeds; narrow enough\n/),
      "\(result.errors)")
    #expect(result.errors.contains("10 of 10 runs completed (10 trained)"), "\(result.errors)")
    let table = try JSONValue(parsing: result.output)
    #expect(table["rows"]?.arrayValue?.count == 2)
    let grown = try sweep(labrun)
    #expect(grown.seeds == [3, 1, 4, 5, 6] && grown.plannedSeedCount == 2)
    #expect(grown.runs.allSatisfy { $0.state == .completed })

    let analysis = try labrun.run("analyze", variables: ["COLUMNS": "900"])
    for part in [
      "2 variants of the factors conv (2) × 5 seeds", "As registered before the first result.",
      "Seeds were added until the widest interval of test_log_loss was at most ± 50: 5 of at most 8 seeds. The spec has 2 "
        + "of them, and the seeds 4–6 were added.",
    ] { #expect(analysis.output.contains(part), "\(part) in:\n\(analysis.output)") }
    #expect(try labrun.run("table", "--format", "csv").output.contains("odconv-1x"))
    let note =
      "A rule adds seeds until the widest interval of test_log_loss is at most ± 50: 3 of 5 were added, of at most 8."
    for options in [["table"], ["table", "--by", "conv"]] {
      #expect(try labrun.run(options, variables: ["COLUMNS": "900"]).output.contains(note), "\(options)")
    }
    #expect(try labrun.run("report", "--output", "-", "--format", "markdown").output.contains("Seeds were added until"))

    // With or without the rule, the sweep on record is the one that is gone on with.
    let again = try labrun.run(options)
    #expect(again.status == 0 && again.errors.contains("10 of 10 runs completed (10 reused)"), "\(again.errors)")
    let plain = try labrun.run("sweep", "tiny")
    #expect(plain.errors.contains("10 of 10 runs completed (10 reused)"), "\(plain.errors)")
    #expect(plain.errors.contains("the sweep on record has the seeds 4–6 beside those of the spec"), "\(plain.errors)")
    #expect(try labrun.run("sweep", "tiny", "--only", "seed=5", "--dry-run").output.contains("2 runs: 2 complete"))
    #expect(try sweep(labrun) == grown)
  }

  /// The seeds of a sweep, with the results of its runs.
  private func results(_ labrun: Labrun) throws -> [[UInt64: Metrics]] {
    try sweep(labrun).variants.map { variant in
      Dictionary(uniqueKeysWithValues: variant.runs.map { ($0.seed, $0.metrics.only(split: "test")) })
    }
  }

  @Test func interruptedSweepsComeToTheSameSeeds() throws {
    let (undisturbed, disturbed) = (try Labrun(), try Labrun())
    defer {
      undisturbed.remove()
      disturbed.remove()
    }
    for labrun in [undisturbed, disturbed] { try labrun.write(spec, to: "Experiments/tiny.json") }
    let options = ["sweep", "tiny", "--until", "log_loss ± 1e-6", "--max-seeds", "7", "--workers", "1"]
    let whole = try undisturbed.run(options)
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(whole.errors.contains(/with 7 seeds; no more than 7 are allowed\n/), "\(whole.errors)")

    // Killed while it trains the spec's seeds, and interrupted while it trains others.
    for (folders, signal) in [(2, SIGKILL), (7, SIGINT), (11, SIGKILL)] {
      let started = try disturbed.start(options)
      let runs = disturbed.folder.appendingPathComponent("Results/runs").path
      for _ in 0..<1200 {
        if try
          (FileManager.default.fileExists(atPath: runs)
          ? FileManager.default.contentsOfDirectory(atPath: runs).count : 0) >= folders
        {
          break
        }
        Thread.sleep(forTimeInterval: 0.05)
      }
      kill(started.process.processIdentifier, signal)
      let errors = String(decoding: started.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      _ = started.output.fileHandleForReading.readDataToEndOfFile()
      started.process.waitUntilExit()
      if signal == SIGINT {
        #expect(started.process.terminationStatus == 130, "\(errors)")
        #expect(
          errors.contains(": labrun sweep tiny --workers 1 --until 'log_loss ± 1e-6' --max-seeds 7\n"), "\(errors)")
      }
    }
    #expect(try sweep(disturbed).seeds.count > 2)
    let rest = try disturbed.run(options)
    #expect(rest.status == 0, "\(rest.errors)")
    #expect(try sweep(disturbed).seeds == [3, 1, 4, 5, 6, 7, 8])
    #expect(try results(disturbed) == results(undisturbed))
    #expect(try sweep(disturbed).seedRules.map(\.seeds) == [[4, 5, 6, 7, 8]])
  }

  @Test func whereNoIntervalCanBeHadItStops() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(
      spec.replacingOccurrences(of: "\"learning_rate\": 0.05", with: "\"learning_rate\": 1e30"),
      to: "Experiments/tiny.json")
    let result = try labrun.run("sweep", "tiny", "--until", "accuracy ± 1", "--max-seeds", "9")
    #expect(result.status == 1, "\(result.errors)")
    #expect(
      result.errors.contains("test_accuracy: no comparison has an interval with 2 seeds; no more are added\n"),
      "\(result.errors)")
    #expect(try sweep(labrun).seeds == [3, 1])
  }

  @Test(arguments: [
    (["--max-seeds", "9"], "--max-seeds bounds the seeds that --until adds, and --until is missing."),
    (["--until", "accuracy ± 1"], "--until needs --max-seeds"),
    (["--until", "accuracy ± 1", "--max-seeds", "4"], "--max-seeds must be from 5, the fewest seeds"),
    (["--until", "accuracy ± 1", "--max-seeds", "9", "--limit", "1"], "takes neither --only nor --limit"),
    (["--until", "accuracy ± 1", "--max-seeds", "9", "--only", "seed=1"], "takes neither --only nor --limit"),
    (["--until", "accuracy 1", "--max-seeds", "9"], "but \"accuracy 1\" was given: it has no ±"),
    (["--until", "accuracy ± 1", "--max-seeds", "5"], "--max-seeds is 5, but the spec has 6 seeds already"),
  ])
  func mistakesAreSaidBeforeAnythingIsTrained(options: [String], message: String) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(spec.replacingOccurrences(of: "[3, 1]", with: "6"), to: "Experiments/tiny.json")
    let result = try labrun.run(["sweep", "tiny"] + options)
    #expect(result.status == 64 && result.errors.contains(message), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("Results").path))
  }
}
