import LabCore
import LabRecords
import LabStats

/// What a completed training leaves.
public struct TrainingResult: Sendable {
  /// What it is worth, without remarks on its course.
  public var record: FinalRecord
  /// What the evaluated weights make of the test images, with logits and labels.
  public var predictions: ClassificationAccumulator
  /// The weights that the metrics are those of.
  public var weights: [NamedTensor]
  /// The weights of the last step.
  public var lastWeights: [NamedTensor]
  /// Epochs that were trained.
  public var epochs: Int
}
