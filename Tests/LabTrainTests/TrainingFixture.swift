import BackendOneDNN
import Foundation
import LabCore
import LabData
import LabNN
import LabRecords
import LabTrain
import LabZoo

/// A small, real training: generated signs, a small residual net.
struct TrainingFixture {
  let dataset: PreparedDataset
  let model: ModelFunction

  /// - Parameter conv: the convolution variant, by its name in a spec.
  init(conv: String = "static", validation: HeldOutSize? = nil) throws {
    var configuration = DatasetConfiguration(
      name: "synthetic-signs", options: ["train_count": 215, "test_count": 86])
    configuration.imageSize = 16
    configuration.validation = validation
    let cache = FileManager.default.temporaryDirectory.appendingPathComponent("labrun-train-tests").path
    dataset = try PreparedDataset(configuration, environment: DataEnvironment(cacheFolder: cache))
    let model: ModelConfiguration = try JSONValue.object([
      "architecture": "resnet", "depth": 8, "width": 16, "conv": .string(conv),
    ]).decode()
    self.model = model.model(classCount: dataset.classCount)
  }

  /// Two epochs with a smaller last batch, and augmentation.
  var configuration: TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.epochs = 2
    configuration.batchSize = 32
    configuration.augmentation.cropPadding = 2
    configuration.optimization.learningRate = 0.05
    return configuration
  }

  func trainer(
    _ configuration: TrainingConfiguration? = nil, seed: UInt64 = 1, threads: Int = 1,
    initialWeights: [NamedTensor] = []
  ) throws -> Trainer {
    try Trainer(
      configuration ?? self.configuration, model: model, dataset: dataset, seed: seed, backend: OneDNNBackend(),
      threads: threads, initialWeights: initialWeights)
  }
}

/// Remembers what a training told, and stops it after a number of steps or epochs.
final class RecordingObserver: TrainingObserver {
  var losses: [Double] = []
  var epochs: [EpochRecord] = []
  var checkpoints: [Checkpoint] = []
  var best: [[NamedTensor]] = []
  private let lastStep: Int
  private let lastEpoch: Int
  private let request: StopRequest

  init(stoppingAfter steps: Int = .max, epochs: Int = .max, request: StopRequest = .afterStep) {
    lastStep = steps
    lastEpoch = epochs
    self.request = request
  }

  func didStep(_ progress: RunProgress) { losses.append(progress.loss ?? .nan) }
  func didFinishEpoch(_ record: EpochRecord) { epochs.append(record) }
  func didImprove(_ weights: [NamedTensor], epoch: Int) { best.append(weights) }
  func didReachCheckpoint(_ checkpoint: Checkpoint) { checkpoints.append(checkpoint) }
  var stopRequest: StopRequest { losses.count >= lastStep || epochs.count >= lastEpoch ? request : .none }
}

extension Trainer.Outcome {
  /// The result of a completed training.
  var result: TrainingResult? { if case .completed(let result) = self { result } else { nil } }
}
