import Foundation
import LabCore
import LabRecords
import LabReport

/// Snapshots to make tables of.
enum SampleSweep {
  /// A run as a test describes it.
  static func run(
    _ seed: UInt64, _ state: RunState = .completed, accuracy: Double? = nil, f1: Double? = nil, loss: Double? = nil,
    reason: String? = nil, epochs: Int = 10, seconds: Double? = nil, rate: Double? = nil,
    images: Int? = nil
  ) -> Run {
    var metrics = Metrics()
    metrics["test_accuracy"] = accuracy
    metrics["test_macro_f1"] = f1
    metrics["test_loss"] = loss
    var run = Run(
      identity: RunIdentity(hash: ContentHash(of: "run \(seed)")), configuration: [:],
      dataHash: ContentHash(of: "data"),
      seed: seed, plannedEpochs: 10)
    (run.state, run.reason) = (state, reason)
    run.metrics = metrics
    run.completedEpochs = state == .completed ? 10 : epochs
    (run.trainSeconds, run.imagesPerSecond) = (seconds, rate)
    run.testImageCount = images
    return run
  }

  /// A variant whose completed runs have the given accuracies, from seed 0 on.
  static func variant(
    _ label: String, _ levels: [String: String] = [:], isBaseline: Bool = false, parameters: Int? = nil,
    multiplyAdds: Int? = nil, accuracies: [Double]
  ) -> Variant {
    Variant(
      label: label, levels: levels, isBaseline: isBaseline, parameterCount: parameters, multiplyAdds: multiplyAdds,
      runs: accuracies.enumerated().map { run(UInt64($0.offset), accuracy: $0.element, f1: $0.element - 0.01) })
  }

  /// A sweep of the given variants.
  static func sweep(
    _ variants: [Variant], factors: [Factor] = [], seeds: Range<UInt64> = 0..<3
  ) -> Sweep {
    Sweep(
      id: 3, createdAt: Date(timeIntervalSince1970: 1_700_000_000), name: "ablation", specText: "",
      specHash: ContentHash(of: ""), factors: factors, seeds: Array(seeds), variants: variants)
  }

  /// Two factors in all combinations with everything that can happen to a run.
  static var mixed: Sweep {
    let variants = [
      Variant(
        label: "static, strided", levels: ["conv": "static", "downsample": "strided"], isBaseline: true,
        parameterCount: 272_474, multiplyAdds: 40_551_040,
        runs: [
          run(0, accuracy: 0.9012, f1: 0.9003, loss: 0.3121, seconds: 61.2, rate: 5120),
          run(1, accuracy: 0.9055, f1: 0.9041, loss: 0.3011, seconds: 60.8, rate: 5135),
          run(2, accuracy: 0.9031, f1: 0.9020, loss: 0.3082, seconds: 61.9, rate: 5101),
        ]),
      Variant(
        label: "static, spd", levels: ["conv": "static", "downsample": "spd"], isBaseline: false,
        parameterCount: 365_210, multiplyAdds: 52_012_288,
        runs: [
          run(0, accuracy: 0.9121, f1: 0.9110, loss: 0.2801, seconds: 80.1, rate: 3920),
          run(1, accuracy: 0.9160, f1: 0.9152, loss: 0.2712, seconds: 79.7, rate: 3941),
          run(2, accuracy: 0.9142, f1: 0.9130, loss: 0.2755, seconds: 80.6, rate: 3899),
        ]),
      Variant(
        label: "odconv-4x, strided", levels: ["conv": "odconv-4x", "downsample": "strided"], isBaseline: false,
        parameterCount: 1_089_116, multiplyAdds: 42_910_115,
        runs: [
          run(0, accuracy: 0.9088, f1: 0.9079, loss: 0.2950, seconds: 130.2, rate: 2401),
          run(1, .diverged, reason: "loss NaN at epoch 2", epochs: 2),
          run(2, .running, epochs: 4),
        ]),
      Variant(
        label: "odconv-4x, spd", levels: ["conv": "odconv-4x", "downsample": "spd"], isBaseline: false,
        runs: [run(0, .failed, reason: "out of memory"), run(1, .interrupted, epochs: 3), run(2, .pending, epochs: 0)]),
    ]
    return sweep(
      variants,
      factors: [
        .init(name: "conv", levels: ["static", "odconv-4x"]), .init(name: "downsample", levels: ["strided", "spd"]),
      ])
  }
}
