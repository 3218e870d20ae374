/// How far a running run is, after each of its steps.
public struct RunProgress: Sendable, Hashable {
  /// The index of the current epoch, from 0.
  public var epoch: Int
  /// The number of epochs.
  public var epochs: Int
  /// Steps done in the current epoch.
  public var step: Int
  /// Steps of an epoch.
  public var stepsPerEpoch: Int
  /// The mean loss of the last step; nil before the first one.
  public var loss: Double?
  /// Training throughput over the last steps of this attempt in images per second; nil before it is known.
  public var imagesPerSecond: Double?
  /// What is being done, where it is not training: `evaluating`, `preparing data`, ….
  public var activity: String?
  /// The time until the run has been trained, in seconds, as this attempt has gone so far; nil before that is known.
  public var remainingSeconds: Double?

  /// Creates a progress report.
  public init(
    epoch: Int, epochs: Int, step: Int, stepsPerEpoch: Int, loss: Double? = nil,
    imagesPerSecond: Double? = nil, activity: String? = nil, remainingSeconds: Double? = nil
  ) {
    self.epoch = epoch
    self.epochs = epochs
    self.step = step
    self.stepsPerEpoch = stepsPerEpoch
    self.loss = loss
    self.imagesPerSecond = imagesPerSecond
    self.activity = activity
    self.remainingSeconds = remainingSeconds
  }

  /// The epochs that are done, with the share of the one that is under way.
  public var epochsDone: Double {
    Double(epoch) + (stepsPerEpoch > 0 ? min(1, max(0, Double(step) / Double(stepsPerEpoch))) : 0)
  }
}
