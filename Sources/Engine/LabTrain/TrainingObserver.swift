import LabCore
import LabRecords
import LabStats

/// What a training tells, and asks, while it runs; called on the thread that trains.
public protocol TrainingObserver: AnyObject {
  /// A step is complete.
  ///
  /// - Throws: what ends the training, such as a store that refuses.
  func didStep(_ step: StepReport) throws
  /// An epoch is complete and evaluated.
  ///
  /// - Throws: what ends the training, such as a store that refuses.
  func didFinishEpoch(_ report: EpochReport) throws
  /// The weights of the best epoch so far, counted from 0, before that epoch is reported.
  ///
  /// - Throws: what ends the training, such as a store that refuses.
  func didImprove(_ weights: [NamedTensor], epoch: Int) throws
  /// A state to continue from.
  ///
  /// - Throws: what ends the training, such as a store that refuses.
  func didReachCheckpoint(_ checkpoint: Checkpoint) throws
  /// Whether, and how soon, training should stop; asked after every step.
  var stopRequest: StopRequest { get }
}

/// One step as it is shown while training.
public struct StepReport: Sendable {
  /// The epoch, counted from 0.
  public var epoch: Int
  /// Epochs of the run.
  public var epochs: Int
  /// Steps of the epoch that are complete.
  public var stepInEpoch: Int
  /// Steps of an epoch.
  public var stepsPerEpoch: Int
  /// The step's mean loss.
  public var loss: Double
  /// Images a second over the last steps of this attempt.
  public var imagesPerSecond: Double
}

/// One epoch's results.
public struct EpochReport: Sendable {
  /// The epoch, counted from 0.
  public var epoch: Int
  /// The mean loss of the training images as they were trained on.
  public var trainLoss: Double
  /// The share of training images that were classified correctly as they were trained on; nil where labels are mixed, so
  /// that no class is the right one.
  public var trainAccuracy: Double?
  /// The learning rate of the epoch's last step.
  public var learningRate: Double
  /// The validation split's metrics, where it was evaluated.
  public var validation: EvaluationResult?
  /// The test split's metrics, where it was evaluated.
  public var test: EvaluationResult?
  /// Seconds spent on the epoch's steps.
  public var trainSeconds: Double
  /// Seconds spent on the epoch's evaluations.
  public var evaluationSeconds: Double
  /// Steps of the epoch.
  public var steps: Int
  /// Images of the epoch.
  public var images: Int
  /// Bytes that the run was planned to need: its variables, activations and scratch.
  public var plannedBytes: Int
}

/// A split's metrics and what they were computed from.
public struct EvaluationResult: Sendable {
  /// The mean of the training loss over the split.
  public var loss: Double
  /// The metrics.
  public var metrics: ClassificationMetrics
  /// The confusion matrix.
  public var confusion: ConfusionMatrix
  /// `[images, classes]`, in the order of the split; empty unless asked for.
  public var logits: [Float]
  /// The labels, in the order of the split; empty unless asked for.
  public var labels: [Int32]
}
