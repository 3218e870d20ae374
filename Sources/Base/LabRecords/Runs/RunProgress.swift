import LabCore

/// How far a running run is.
public struct RunProgress: Sendable, Hashable {
  /// The run.
  public var run: RunIdentity
  /// The index of the current epoch, from 0.
  public var epoch: Int
  /// The number of epochs.
  public var epochs: Int
  /// Steps done in the current epoch.
  public var step: Int
  /// Steps of an epoch.
  public var stepsPerEpoch: Int
  /// The loss of the last step, or a smoothed one; nil before the first step.
  public var loss: Double?
  /// Training throughput in images per second; nil before it is known.
  public var imagesPerSecond: Double?
  /// What is being done, where it is not training: `evaluating`, `preparing data`, ….
  public var activity: String?

  /// Creates a progress report.
  public init(
    run: RunIdentity, epoch: Int, epochs: Int, step: Int, stepsPerEpoch: Int, loss: Double? = nil,
    imagesPerSecond: Double? = nil, activity: String? = nil
  ) {
    self.run = run
    self.epoch = epoch
    self.epochs = epochs
    self.step = step
    self.stepsPerEpoch = stepsPerEpoch
    self.loss = loss
    self.imagesPerSecond = imagesPerSecond
    self.activity = activity
  }
}
