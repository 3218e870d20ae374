/// What one epoch of a run gave: numbers that a repetition reproduces, and timings that it does not.
///
/// A number that is not finite is kept as missing by stores without such numbers; `NaN` comes back as `NaN`.
public struct EpochRecord: Sendable, Codable, Hashable {
  /// The numbers that depend on the configuration, the data and the seed only.
  public struct Metrics: Sendable, Codable, Hashable {
    /// The mean training loss over the epoch.
    public var trainLoss: Double
    /// The share of training samples classified rightly while training; nil where labels are mixed.
    public var trainAccuracy: Double?
    /// The base learning rate of the epoch's last step.
    public var learningRate: Double
    /// The metrics of the validation split, where it was evaluated.
    public var validation: EvaluationMetrics?
    /// The metrics of the test split, where it was evaluated.
    public var test: EvaluationMetrics?

    /// Creates an epoch's metrics.
    public init(
      trainLoss: Double, trainAccuracy: Double? = nil, learningRate: Double, validation: EvaluationMetrics? = nil,
      test: EvaluationMetrics? = nil
    ) {
      self.trainLoss = trainLoss
      self.trainAccuracy = trainAccuracy
      self.learningRate = learningRate
      self.validation = validation
      self.test = test
    }
  }

  /// The numbers that depend on the machine and its load.
  public struct Timing: Sendable, Codable, Hashable {
    /// Time spent in training steps, over all attempts at this epoch, in seconds.
    public var trainSeconds: Double
    /// Time spent in evaluation, in seconds.
    public var evaluationSeconds: Double
    /// Training throughput in images per second.
    public var imagesPerSecond: Double
    /// The mean duration of a training step in milliseconds.
    public var meanStepMilliseconds: Double
    /// The most memory that the process occupied while the run trained, in bytes, with its libraries, its data and whatever
    /// other runs it trained at the same time; nil where the system does not tell.
    public var peakMemoryBytes: Int?
    /// The memory that the run by itself was planned to need, in bytes, as the dry run tells it.
    public var plannedMemoryBytes: Int?

    /// Creates an epoch's timings.
    public init(
      trainSeconds: Double, evaluationSeconds: Double = 0, imagesPerSecond: Double, meanStepMilliseconds: Double,
      peakMemoryBytes: Int? = nil, plannedMemoryBytes: Int? = nil
    ) {
      self.trainSeconds = trainSeconds
      self.evaluationSeconds = evaluationSeconds
      self.imagesPerSecond = imagesPerSecond
      self.meanStepMilliseconds = meanStepMilliseconds
      self.peakMemoryBytes = peakMemoryBytes
      self.plannedMemoryBytes = plannedMemoryBytes
    }
  }

  /// The epoch's index, from 0.
  public var epoch: Int
  /// The reproducible numbers.
  public var metrics: Metrics
  /// The timings.
  public var timing: Timing

  /// Creates an epoch's record.
  public init(epoch: Int, metrics: Metrics, timing: Timing) {
    self.epoch = epoch
    self.metrics = metrics
    self.timing = timing
  }
}
