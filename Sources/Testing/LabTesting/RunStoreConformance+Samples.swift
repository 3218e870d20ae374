import Foundation
import LabCore
import LabRecords
import LabStats
import Synchronization

/// A clock that stands still until it is moved.
public final class ManualClock: Sendable {
  private let seconds = Mutex(1_700_000_000.0)

  /// Creates a clock that shows an arbitrary time.
  public init() {}

  /// The time that the clock shows.
  public var now: Date { Date(timeIntervalSince1970: seconds.withLock { $0 }) }

  /// Moves the clock.
  public func advance(seconds step: Double) { seconds.withLock { $0 += step } }
}

/// Registrations, records and processes for tests.
public enum RunStoreSamples {
  /// A sweep of one factor `conv` with a run for each level and seed.
  public static func sweep(
    name: String = "ablation", levels: [String] = ["static", "odconv-1x", "odconv-4x"], seeds: [UInt64] = [0, 1, 2],
    epochs: Int = 4, data: String = "data"
  ) -> Sweep {
    let text = "{\"name\": \"\(name)\", \"levels\": \(levels)}"
    return Sweep(
      name: name, specText: text, specHash: ContentHash(of: text),
      factors: [Factor(name: "conv", levels: levels)], seeds: seeds,
      variants: levels.enumerated().map { index, level in
        Variant(
          label: level, levels: ["conv": level], isBaseline: index == 0,
          runs: seeds.map { run(level: level, seed: $0, epochs: epochs, data: data) })
      })
  }

  /// The run of a level and a seed.
  public static func run(
    level: String, seed: UInt64, epochs: Int = 4, data: String = "data"
  ) -> Run {
    let configuration: JSONValue = [
      "model": ["conv": .string(level), "depth": 20], "training": ["epochs": .integer(epochs), "learning_rate": 0.1],
    ]
    let hash = ContentHash(of: data)
    return Run(
      identity: RunIdentity(configuration: configuration, dataHash: hash, seed: seed), configuration: configuration,
      dataHash: hash, seed: seed, plannedEpochs: epochs)
  }

  /// An epoch whose numbers are functions of its index and can be told apart.
  public static func epoch(_ index: Int, seconds: Double = 2, imagesPerSecond: Double = 100) -> EpochRecord {
    let x = Double(index)
    return EpochRecord(
      epoch: index,
      metrics: ["train_loss": 2 / (x + 1), "train_accuracy": 0.1 * x, "learning_rate": 0.1 / (x + 1)]
        + metrics(x, of: "validation") + metrics(x + 0.5, of: "test"),
      timing: EpochRecord.Timing(
        trainSeconds: seconds, evaluationSeconds: 0.25, imagesPerSecond: imagesPerSecond, meanStepMilliseconds: 12.5,
        peakMemoryBytes: 1 << 33, plannedMemoryBytes: 1 << 32))
  }

  /// Metrics that can be told apart by a number.
  ///
  /// - Parameters:
  ///   - x: the number.
  ///   - split: the split that they are those of.
  public static func metrics(_ x: Double, of split: String) -> Metrics {
    let metrics: Metrics = [
      "loss": 1 + x, "accuracy": 0.5 + x / 1000, "top5_accuracy": 0.75 + x / 1000, "macro_precision": 0.25 + x / 1000,
      "macro_recall": 0.125 + x / 1000, "macro_f1": 1 / 3 + x / 1000, "ece": 0.0625 + x / 1000, "log_loss": 2 + x,
    ]
    return metrics.named(of: split)
  }

  /// A final record of two classes.
  public static func final(_ x: Double = 0) -> FinalRecord {
    var confusion = ConfusionMatrix(classCount: 2)
    for (label, counts) in [[9, 1], [7, 0]].enumerated() {
      for (prediction, count) in counts.enumerated() {
        confusion.add(label: label, prediction: prediction, count: count)
      }
    }
    return FinalRecord(
      metrics: metrics(x, of: "test") + metrics(x + 1, of: "validation") + ["test_nll": 0.5 + x, "ease of use": x],
      bestEpoch: 3, evaluatedEpoch: 2,
      classNames: ["stop", "Vorfahrt gewähren"], confusion: confusion, weightsHash: ContentHash(of: "weights \(x)"),
      health: [
        HealthNote("late_collapse", "the accuracy fell from 60 % to 20 %", value: 0.4),
        HealthNote("schedule", "it ends too early"),
      ])
  }

  /// A provenance record.
  public static func provenance(threads: Int = 1) -> RunProvenance {
    RunProvenance(
      programVersion: "1.0", repository: RunProvenance.Repository(commit: "abc", isDirty: true),
      specHash: ContentHash(of: "spec"), configuration: ["model": ["conv": "static"], "scale": 0.5],
      dataHash: ContentHash(of: "data"), host: "host", operatingSystem: "system", processor: "processor",
      threads: threads, libraries: ["HDF5": "1.10.8"], choices: ["conv1": "direct"])
  }

  /// A process of this machine that has ended.
  public static var deadProcess: ProcessIdentity {
    var process = ProcessIdentity.current
    process.startTime += 1
    return process
  }

  /// A process of another machine, of which nothing can be known from here.
  public static func foreignProcess(pid: Int32 = 7) -> ProcessIdentity {
    ProcessIdentity(host: "elsewhere", scope: "another boot", pid: pid, startTime: 1)
  }
}
