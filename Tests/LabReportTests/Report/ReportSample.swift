import Foundation
import LabCore
import LabRecords
import LabReport
import LabStats

/// A sweep with everything that a report can tell of.
struct ReportSample {
  var sweep: Sweep
  var records = SweepRecords(description: "Convolution × loss")

  /// - Parameters:
  ///   - levels: the number of levels of the first factor; the second has two.
  ///   - seeds: the number of seeds.
  ///   - classes: the number of classes.
  init(levels: Int = 3, seeds: UInt64 = 3, classes: Int = 4, name: (Int) -> String = { "conv-\($0)" }) throws {
    let losses = ["cross-entropy", "focal"]
    var stream = Draws(seed: 7)
    var variants = [Variant]()
    let shifts = (0..<seeds).map { _ in stream.uniform() * 0.01 }
    for level in 0..<levels {
      for (place, loss) in losses.enumerated() {
        let runs = (0..<seeds).map { seed in
          let mean = 0.8 + 0.002 * Double(level) - 0.05 * Double(place)
          let accuracy = mean + shifts[Int(seed)] + stream.uniform() * 0.004
          var run = Run(
            identity: RunIdentity(hash: ContentHash(of: "run \(level) \(loss) \(seed)")),
            configuration: [
              "dataset": ["name": "signs"], "model": ["architecture": "resnet"], "training": ["epochs": 4],
            ], dataHash: ContentHash(of: "data"), seed: seed, plannedEpochs: 4)
          run.state = .completed
          run.completedEpochs = 4
          run.trainSeconds = 10 + Double(level)
          run.imagesPerSecond = 1000
          run.testImageCount = 100 * classes
          run.metrics["test_accuracy"] = accuracy
          run.metrics["test_macro_f1"] = accuracy - 0.01
          return run
        }
        variants.append(
          Variant(
            label: level == 0 && place == 0 ? "baseline" : "\(name(level)) + \(loss)",
            levels: ["conv": name(level), "loss": loss], isBaseline: level == 0 && place == 0,
            parameterCount: 10_000 * (level + 1), multiplyAdds: 1_000_000 * (level + 1), runs: runs))
      }
    }
    sweep = SampleSweep.sweep(
      variants,
      factors: [.init(name: "conv", levels: (0..<levels).map(name)), .init(name: "loss", levels: losses)],
      seeds: 0..<seeds)
    sweep.specText = "{ \"name\": \"<ablation>\" }\n"
    for run in sweep.runs {
      let accuracy = run.metrics["test_accuracy"] ?? 0
      records.epochs[run.identity] = (0..<4).map { epoch in
        var metrics = Metrics()
        metrics["test_accuracy"] = accuracy - 0.1 * Double(3 - epoch) + stream.uniform() * 0.01
        return EpochRecord(
          epoch: epoch, metrics: metrics,
          timing: .init(
            trainSeconds: 2, imagesPerSecond: 1000, meanStepMilliseconds: 5, plannedMemoryBytes: 100_000_000))
      }
      let counts = (0..<classes).flatMap { row in
        (0..<classes).map { column in
          let right = Int(100 * accuracy) - row
          return column == row ? right : (100 - right) / max(1, classes - 1)
        }
      }
      records.finals[run.identity] = FinalRecord(
        metrics: run.metrics, classNames: (0..<classes).map { "class \($0)" },
        confusion: try ConfusionMatrix(classCount: classes, counts: counts), weightsHash: ContentHash(of: "weights"))
      var bins = CalibrationBins()
      for index in 0..<100 { bins.add(confidence: 0.3 + 0.7 * stream.uniform(), isCorrect: index < 80) }
      records.calibration[run.identity] = bins
      records.attempts[run.identity] = RunAttempt(
        run: run.identity, number: 1, sweep: 3, owner: ProcessIdentity.current,
        startedAt: Date(timeIntervalSince1970: 1_700_000_000),
        provenance: RunProvenance(
          programVersion: "1.0", specHash: sweep.specHash, configuration: run.configuration, dataHash: run.dataHash,
          host: "host", operatingSystem: "Linux", processor: "a processor", threads: 1, libraries: ["dnnl": "3"]))
    }
  }

  func report(_ options: AnalysisOptions = .init()) throws -> SweepReport {
    try SweepReport(sweep, records: records, options: options)
  }
}

/// Numbers one after the other, the same in every run of a test.
struct Draws {
  private let stream: RandomStream
  private var count: UInt64 = 0

  init(seed: UInt64) { stream = RandomStream(seed: seed, name: "draws") }

  /// A number from 0 to 1.
  mutating func uniform() -> Double {
    count += 1
    return Double(stream.uniform(count))
  }
}
