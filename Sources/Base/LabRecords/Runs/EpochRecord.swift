/// What one epoch of a run gave: numbers that a repetition reproduces, and timings that it does not.
///
/// A number that is not finite comes back as it was; what was not measured is absent.
public struct EpochRecord: Sendable, Codable, Hashable {
  /// The numbers that depend on the machine and its load.
  public struct Timing: Sendable, Codable, Hashable {
    /// Time spent in training steps, over all attempts at this epoch, in seconds; of somebody's program, the time between its
    /// report before and this one.
    public var trainSeconds: Double
    /// Time spent in evaluation, in seconds.
    public var evaluationSeconds: Double
    /// Training throughput in images per second; 0 where nobody knows.
    public var imagesPerSecond: Double
    /// The mean duration of a training step in milliseconds; 0 where nobody knows.
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

    /// What an epoch has that was imported without its times.
    public static let notMeasured = Timing(trainSeconds: 0, imagesPerSecond: 0, meanStepMilliseconds: 0)

    /// Whether there is a time at all: no training takes none.
    public var isMeasured: Bool { trainSeconds > 0 || evaluationSeconds > 0 }
  }

  /// The epoch's index, from 0.
  public var epoch: Int
  /// The numbers that depend on the configuration, the data and the seed only: the training's loss, accuracy and learning
  /// rate, and the metrics of each split that was evaluated.
  public var metrics: Metrics
  /// The timings.
  public var timing: Timing

  /// Creates an epoch's record.
  public init(epoch: Int, metrics: Metrics, timing: Timing) {
    self.epoch = epoch
    self.metrics = metrics
    self.timing = timing
  }

  /// Every number of the epoch by the name that tables use.
  public var namedMetrics: Metrics {
    var named = metrics
    guard timing.isMeasured else { return named }
    named["train_seconds"] = timing.trainSeconds
    // A program tells when an epoch has ended, and nothing of its steps.
    if timing.imagesPerSecond != 0 || timing.meanStepMilliseconds != 0 {
      named["evaluation_seconds"] = timing.evaluationSeconds
      named["images_per_second"] = timing.imagesPerSecond
      named["step_milliseconds"] = timing.meanStepMilliseconds
    }
    named["peak_memory_bytes"] = timing.peakMemoryBytes.map(Double.init)
    named["planned_memory_bytes"] = timing.plannedMemoryBytes.map(Double.init)
    return named
  }
}
