import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// Numbers that say what they are, and runs that went wrong and say so.
@Suite struct HealthTests {
  /// A spec whose runs stay at chance, with a validation split.
  private func hopeless(epochs: Int = 2, training: [String: JSONValue] = [:]) throws -> String {
    var spec = try JSONValue(parsing: Labrun.spec(epochs: epochs))
    spec["training"]?["learning_rate"] = 1e-9
    spec["dataset"]?["validation"] = 0.5
    for (key, value) in training { spec["training"]?[key] = value }
    return spec.prettyText()
  }

  @Test func whatIsOddAboutARunIsStoredAndSaidWhereverItIsShown() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(hopeless(), to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny")
    #expect(sweep.status == 0, "\(sweep.errors)")
    #expect(sweep.errors.contains("2 completed runs have something odd about their course"), "\(sweep.errors)")
    #expect(sweep.errors.contains("so that it ends at 24.2 and the attentions stay near uniform"), "\(sweep.errors)")
    for output in [sweep.output, try labrun.run("table").output, try labrun.run("table", "--by", "conv").output] {
      let text = output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(text.contains("Annealing: odconv-1x: the attentions' temperature falls from 30 to 1 in 10"), "\(text)")
      #expect(text.contains("is no better than naming the commonest class") || text.contains("One class"), "\(text)")
    }
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent("Results").path)
    let runs = try store.sweep(#require(store.sweeps().first).id).runs
    for run in runs {
      let final = try #require(try store.finalRecord(of: run.identity))
      let kinds = Set(final.health.map(\.kind))
      #expect(!kinds.isDisjoint(with: ["at_chance", "one_class"]), "\(kinds)")
      let shown = try JSONValue(parsing: labrun.run("show", run.identity.short, "--json").output)
      #expect(shown["health"]?.arrayValue?.compactMap { $0["kind"]?.stringValue } == final.health.map(\.kind))
      #expect(shown["metrics"]?["test_log_loss"]?.doubleValue == final.metrics["test_log_loss"])
      #expect(shown["evaluated_epoch"] == 2)
      #expect(try labrun.run("show", run.identity.short).output.contains("Health"))
      // Cross entropy is the log loss where nothing is smoothed.
      let (logLoss, loss) = (final.metrics["test_log_loss"], final.metrics["test_loss"])
      #expect(abs(try #require(logLoss) - #require(loss)) < 1e-5)
      #expect(try #require(final.metrics["validation_log_loss"]) > 0)
    }
    let table = try labrun.run("table", "--metric", "test_log_loss", "--metric", "validation_log_loss")
    #expect(table.status == 0 && table.output.contains("log loss"), "\(table.errors)")
  }

  @Test func lossesOfAllKindsHaveALogLoss() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    var spec = try JSONValue(parsing: Labrun.spec())
    spec["factors"] = ["loss": [["name": "cross-entropy", "label_smoothing": 0.5], "focal"]]
    spec["baseline"] = ["loss": "focal"]
    spec["training"]?["augmentation"] = ["mixup": 0.5]
    try labrun.write(spec.prettyText(), to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny")
    #expect(sweep.status == 0, "\(sweep.errors)")
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent("Results").path)
    for run in try store.sweep(#require(store.sweeps().first).id).runs {
      let metrics = try #require(try store.finalRecord(of: run.identity)).metrics
      let (logLoss, loss) = (metrics["test_log_loss"], metrics["test_loss"])
      #expect(abs(try #require(logLoss) - #require(loss)) > 1e-4, "the loss is another one")
      #expect(
        try store.epochs(of: run.identity).allSatisfy { $0.metrics["train_accuracy"] == nil }, "labels are mixed")
    }
  }

  @Test func theEpochThatWasEvaluatedAndTheBestOneAreToldApart() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    for (weights, name) in [("last", "last"), ("best", "best")] {
      var spec = try JSONValue(parsing: hopeless(epochs: 3, training: ["final_weights": .string(weights)]))
      spec["name"] = .string(name)
      spec["factors"] = ["conv": ["static"]]
      try labrun.write(spec.prettyText(), to: "Experiments/\(name).json")
      #expect(try labrun.run("sweep", name).status == 0)
    }
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent("Results").path)
    for sweep in try store.sweeps() {
      let run = try #require(store.sweep(sweep.id).runs.first)
      let final = try #require(try store.finalRecord(of: run.identity))
      let accuracies = try store.epochs(of: run.identity).compactMap { $0.metrics["validation_accuracy"] }
      let best = try #require(accuracies.max())
      #expect(final.bestEpoch == accuracies.firstIndex(of: best))
      #expect(final.evaluatedEpoch == (sweep.name == "best" ? final.bestEpoch : 2))
    }
  }

  @Test func aDryRunSaysWhereTheTemperatureEnds() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    var spec = try JSONValue(parsing: Labrun.spec(epochs: 4))
    // Fewer test images would be remarked upon as well.
    spec["dataset"]?["test_count"] = 100
    try labrun.write(spec.prettyText(), to: "Experiments/tiny.json")
    let plan = try labrun.run("sweep", "tiny", "--dry-run")
    #expect(plan.status == 0)
    let text = plan.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(
      text.contains("odconv-1x: the attentions' temperature falls from 30 to 18.4 by the end of the training"),
      "\(text)")
    #expect(plan.errors.contains("warning: ") && plan.errors.contains("ends at 18.4"), "\(plan.errors)")
    #expect(try labrun.run("sweep", "tiny", "--dry-run", "--strict").status == 65)

    spec["factors"] = ["conv": ["static", ["name": "odconv", "kernels": 1, "temperature_share": 0.25]]]
    try labrun.write(spec.prettyText(), to: "Experiments/tiny.json")
    let shared = try labrun.run("sweep", "tiny", "--dry-run", "--strict")
    #expect(shared.status == 0, "\(shared.errors)")
    #expect(shared.output.contains("falls from 30 to 1 in the first 1 epoch"), "\(shared.output)")

    spec["factors"] = [
      "conv": ["static", ["name": "odconv", "temperature_epochs": 10, "temperature_share": 0.25]]
    ]
    try labrun.write(spec.prettyText(), to: "Experiments/tiny.json")
    let both = try labrun.run("sweep", "tiny", "--dry-run")
    #expect(both.status == 65)
    #expect(both.errors.contains("says what \"temperature_epochs\" says already"), "\(both.errors)")
  }

  /// A checkpoint has parameters and running statistics where readers look for them; one of the first release, which had
  /// them elsewhere, is gone on from too, to the same bits.
  @Test func checkpointsStartRunsAndThoseOfTheFirstReleaseAreGoneOnFrom() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    var spec = try JSONValue(parsing: Labrun.spec(trainCount: 860, epochs: 3))
    spec["factors"] = ["conv": ["static"]]
    spec["execution"]?["keep_checkpoints"] = true
    try labrun.write(spec.prettyText(), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny", "--results", "whole").status == 0)
    let whole = try StudyStore(reading: labrun.folder.appendingPathComponent("whole").path)
    let sweep = try #require(try whole.sweeps().first)
    let identity = try #require(try whole.sweep(sweep.id).runs.first).identity
    let expected = try #require(try whole.finalRecord(of: identity))
    let content = try whole.folder(of: identity).readCheckpoint()
    let names = Set(try #require(content.checkpoint).parameters.map(\.name))
    #expect(names.isSuperset(of: ["conv1.weight", "bn1.running_mean", "bn1.running_var"]), "\(names)")
    #expect(content.checkpoint?.state.isEmpty == true)

    let started = try labrun.start(["sweep", "tiny", "--results", "old"])
    let folder = labrun.folder.appendingPathComponent("old/runs")
    for _ in 0..<600 {
      let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
      if paths.contains(where: { $0.hasSuffix("/checkpoint.h5") }) { break }
      Thread.sleep(forTimeInterval: 0.02)
    }
    kill(started.process.processIdentifier, SIGKILL)
    started.process.waitUntilExit()
    let store = try StudyStore(folder: labrun.folder.appendingPathComponent("old").path)
    let interrupted = try #require(try store.sweeps().first)
    if case .claimed(let claimed) = try store.claim(
      identity, sweep: interrupted.id, owner: .current, policy: .unfinished)
    {
      let held = try store.heldFolder(for: claimed.lease)
      var checkpoint = try #require(try held.folder.readCheckpoint().checkpoint)
      let isStatistic = { (tensor: NamedTensor) in tensor.name.contains(".running_") }
      checkpoint.state = checkpoint.parameters.filter(isStatistic)
      checkpoint.parameters.removeAll(where: isStatistic)
      #expect(!checkpoint.state.isEmpty && !checkpoint.parameters.isEmpty)
      try held.write(checkpoint)
      try store.finish(claimed.lease, .interrupted(reason: "rewritten"))
      // Weights to start from are whole, too, wherever the file has them.
      let weights = try WeightsFile.read(held.folder.path(of: .checkpoint))
      #expect(Set(weights.map(\.name)) == names)
    } else {
      Issue.record("the interrupted run is not free")
    }
    #expect(try labrun.run("sweep", "tiny", "--results", "old").errors.contains("(1 resumed)"))
    #expect(try store.finalRecord(of: identity)?.weightsHash == expected.weightsHash)

    spec["name"] = "tuned"
    spec["training"]?["initial_weights"] = .string(whole.folder(of: identity).path(of: .checkpoint))
    try labrun.write(spec.prettyText(), to: "Experiments/tuned.json")
    let tuned = try labrun.run("sweep", "tuned", "--dry-run")
    #expect(tuned.status == 0, "\(tuned.errors)")
  }

  @Test func aRunThatFailedForAPassingReasonIsAnnouncedAsTrainedAgain() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    var spec = try JSONValue(parsing: Labrun.spec())
    spec["factors"] = ["conv": ["static"]]
    try labrun.write(spec.prettyText(), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let store = try StudyStore(folder: labrun.folder.appendingPathComponent("Results").path)
    let sweep = try #require(store.sweeps().first)
    let run = try #require(store.sweep(sweep.id).runs.first).identity
    for (isRetriable, expected) in [(true, "1 to run"), (false, "1 skipped")] {
      let policy = ClaimPolicy.fresh(endedBefore: .distantFuture)
      guard case .claimed(let claimed) = try store.claim(run, sweep: sweep.id, owner: .current, policy: policy) else {
        Issue.record("the run is not free")
        return
      }
      try store.finish(claimed.lease, .failed(reason: "out of memory", isRetriable: isRetriable))
      let plan = try labrun.run("sweep", "tiny", "--dry-run")
      #expect(plan.output.contains(expected), "\(plan.output)")
    }
  }
}
