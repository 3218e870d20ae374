import LabCore
import LabRecords

/// Where a training stands; random numbers are functions of it, so no generator has a state to keep.
public struct TrainingProgress: Sendable, Hashable, Codable {
  /// Epochs that are complete, evaluated and reported.
  public var epoch = 0
  /// Steps of the current epoch that are complete.
  public var stepInEpoch = 0
  /// Steps since the start of the run.
  public var step = 0
  /// The sum of the losses of the current epoch's images.
  public var lossSum = 0.0
  /// The current epoch's images that were classified correctly.
  public var correctCount = 0
  /// The current epoch's images so far.
  public var imageCount = 0
  /// Seconds spent on the current epoch's steps so far, over all attempts.
  public var epochSeconds = 0.0
  /// Seconds spent on complete epochs' steps, over all attempts.
  public var trainSeconds = 0.0
  /// The best validation accuracy so far.
  public var bestAccuracy: Double?
  /// The epoch of the best validation accuracy, counted from 0.
  public var bestEpoch: Int?
  /// Evaluations since the best one.
  public var evaluationsSinceBest = 0

  /// The start of a run.
  public init() {}

  /// Where the training stood that wrote a checkpoint.
  ///
  /// - Throws: where the checkpoint is another program's.
  public init(_ checkpoint: Checkpoint) throws { self = try checkpoint.progress.decode() }
}
