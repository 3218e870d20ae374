import Foundation
import LabCore
import LabRecords
import LabStats
import LabStore
import LabTesting

/// A results folder for tests, with whatever can happen to runs.
struct SampleResults {
  let folder: URL
  let store: StudyStore

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("labrun-serve-\(UUID().uuidString)")
    store = try StudyStore(folder: folder.path)
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  /// A sweep of one factor with a run for each level and seed, whose labels may be anything.
  static func sweep(name: String, levels: [String], seeds: Int, epochs: Int = 6) -> Sweep {
    let seeds = (0..<UInt64(seeds)).map { $0 }
    let text = "{ \"name\": \"\(name)\", \"factors\": { \"conv\": [] } }\n"
    return Sweep(
      name: name, specText: text, specHash: ContentHash(of: text + "\(levels)"),
      factors: [Factor(name: "conv", levels: levels)], seeds: seeds,
      variants: levels.enumerated().map { index, level in
        Variant(
          label: level, levels: ["conv": level], isBaseline: index == 0, parameterCount: 77_750 + 10_000 * index,
          multiplyAdds: 9_346_000 + 900_000 * index,
          runs: seeds.map { RunStoreSamples.run(level: "\(name) \(level)", seed: $0, epochs: epochs) })
      })
  }

  /// The metrics of a run after an epoch; they differ by variant and seed, and always are the same.
  static func metrics(variant: Int, seed: UInt64, epoch: Int, of epochs: Int) -> Metrics {
    var random = Double((variant &* 7919 &+ Int(seed) &* 104_729 &+ epoch &* 31) % 1000) / 1000 - 0.5
    random *= 0.012
    let share = Double(epoch + 1) / Double(epochs)
    let accuracy = min(0.99, 0.35 + 0.45 * share + 0.012 * Double(variant) + random)
    return [
      "train_loss": 2.2 - 1.6 * share + random, "train_accuracy": min(1, accuracy + 0.04),
      "learning_rate": 0.1 * (1 - share) + 1e-4,
      "validation_loss": 2.3 - 1.5 * share - random, "validation_accuracy": accuracy,
      "test_loss": 2.35 - 1.5 * share - random, "test_accuracy": accuracy,
      "test_macro_f1": accuracy - 0.008 + random / 2,
    ]
  }

  /// Takes a run, trains some of its epochs, and says how it ended; nil leaves it running.
  @discardableResult
  func train(
    _ sweep: Int64, _ run: Run, variant: Int, epochs: Int? = nil, outcome: RunOutcome? = nil, log: [String] = []
  ) throws -> RunLease {
    guard case .claimed(let claimed) = try store.claim(run.identity, sweep: sweep, owner: .current, policy: .unfinished)
    else { throw CocoaError(.featureUnsupported) }
    try store.recordStart(RunStoreSamples.provenance(), epoch: 0, step: 0, lease: claimed.lease)
    for epoch in 0..<(epochs ?? run.plannedEpochs) { try record(epoch, of: run, variant: variant, claimed.lease) }
    for line in log { try store.log(.warning, line, lease: claimed.lease) }
    if let outcome { try store.finish(claimed.lease, outcome) }
    return claimed.lease
  }

  func record(_ epoch: Int, of run: Run, variant: Int, _ lease: RunLease) throws {
    let metrics = Self.metrics(variant: variant, seed: run.seed, epoch: epoch, of: run.plannedEpochs)
    var course = metrics
    for name in metrics.names where name.split == "test" { course[name] = nil }
    try store.record(
      EpochRecord(
        epoch: epoch, metrics: course,
        timing: .init(
          trainSeconds: 3.1 + 0.4 * Double(variant), evaluationSeconds: 0.3,
          imagesPerSecond: 1342 - 90 * Double(variant), meanStepMilliseconds: 11.9)),
      lease: lease)
  }

  /// The result of a run that was trained to its end.
  static func final(variant: Int, run: Run, classes: [String] = ["stop", "Vorfahrt gewähren", "停止", "<b>yield</b>"])
    -> RunOutcome
  {
    var confusion = ConfusionMatrix(classCount: classes.count)
    for label in classes.indices {
      for prediction in classes.indices {
        let count = label == prediction ? 40 + variant : (label * 3 + prediction * 5 + Int(run.seed)) % 4
        confusion.add(label: label, prediction: prediction, count: count)
      }
    }
    let all = metrics(variant: variant, seed: run.seed, epoch: run.plannedEpochs - 1, of: run.plannedEpochs)
    return .completed(
      FinalRecord(
        metrics: all.only(split: "test") + all.only(split: "validation"), bestEpoch: run.plannedEpochs - 2,
        evaluatedEpoch: run.plannedEpochs - 1, classNames: classes, confusion: confusion,
        weightsHash: ContentHash(of: "weights"),
        health: run.seed == 2 ? [HealthNote("late_collapse", "the accuracy fell from 60 % to 20 %", value: 0.4)] : []))
  }

  /// Registers a sweep and trains all of its runs but the last of each variant in `leaving`.
  func complete(_ sweep: Sweep, without leaving: (Int, Run) -> Bool = { _, _ in false }) throws -> Int64 {
    let id = try store.register(sweep).id
    for (index, variant) in sweep.variants.enumerated() {
      for run in variant.runs where !leaving(index, run) {
        try train(id, run, variant: index, outcome: Self.final(variant: index, run: run))
      }
    }
    return id
  }

  /// Labels that somebody could have who means no good, or writes another language.
  static let hostile = ["static", "<script>alert(1)</script>", "\"quoted\" & 'single'", "卷积 四倍", "</title><img src=x>"]
}
