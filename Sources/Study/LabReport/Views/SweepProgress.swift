/// Where a sweep stands while it runs: what the progress display draws.
public struct SweepProgress: Sendable, Hashable {
  /// What a worker is doing.
  public enum Phase: Sendable, Hashable {
    /// Waiting for a run, or for memory.
    case idle
    /// Something that takes a while before the first step, such as `decoding images`.
    case preparing(String)
    /// Training.
    case training
    /// Evaluating on the validation or test images.
    case evaluating
  }

  /// One worker.
  public struct Worker: Sendable, Hashable {
    /// What it is doing.
    public var phase: Phase
    /// The label of the variant that it trains.
    public var variant: String
    /// The seed.
    public var seed: UInt64
    /// The epoch, counted from 1.
    public var epoch: Int
    /// The number of epochs.
    public var epochCount: Int
    /// Steps done in the epoch.
    public var step: Int
    /// The number of steps of an epoch.
    public var stepCount: Int
    /// The smoothed training loss.
    public var loss: Double?
    /// An accuracy as it is shown, with the images that it is over; nil where none is known.
    public var accuracy: String?
    /// The throughput in images per second.
    public var imagesPerSecond: Double?
    /// The time until the run ends, in seconds.
    public var remainingSeconds: Double?

    /// Creates a worker; without arguments one that is idle.
    public init(
      phase: Phase = .idle, variant: String = "", seed: UInt64 = 0, epoch: Int = 0, epochCount: Int = 0, step: Int = 0,
      stepCount: Int = 0, loss: Double? = nil, accuracy: String? = nil, imagesPerSecond: Double? = nil,
      remainingSeconds: Double? = nil
    ) {
      self.phase = phase
      self.variant = variant
      self.seed = seed
      self.epoch = epoch
      self.epochCount = epochCount
      self.step = step
      self.stepCount = stepCount
      self.loss = loss
      self.accuracy = accuracy
      self.imagesPerSecond = imagesPerSecond
      self.remainingSeconds = remainingSeconds
    }

    /// The share of the run that is done, from 0 to 1.
    var fraction: Double {
      guard epochCount > 0 else { return 0 }
      let within = stepCount > 0 ? Double(step) / Double(stepCount) : 0
      return min(1, max(0, (Double(max(0, epoch - 1)) + within) / Double(epochCount)))
    }
  }

  /// The sweep's name.
  public var name: String
  /// The number of planned runs.
  public var planned: Int
  /// The number of completed runs, those of earlier sweeps included.
  public var completed: Int
  /// The number of completed runs that were not trained now.
  public var reused: Int
  /// The number of failed runs.
  public var failed: Int
  /// The number of diverged runs.
  public var diverged: Int
  /// The time since the start in seconds.
  public var elapsedSeconds: Double
  /// The time until the end in seconds, once it can be estimated.
  public var remainingSeconds: Double?
  /// Whether workers are finishing their step in order to stop.
  public var isStopping: Bool
  /// The workers in a fixed order.
  public var workers: [Worker]

  /// Creates a state.
  public init(
    name: String, planned: Int, completed: Int = 0, reused: Int = 0, failed: Int = 0, diverged: Int = 0,
    elapsedSeconds: Double = 0, remainingSeconds: Double? = nil, isStopping: Bool = false, workers: [Worker] = []
  ) {
    self.name = name
    self.planned = planned
    self.completed = completed
    self.reused = reused
    self.failed = failed
    self.diverged = diverged
    self.elapsedSeconds = elapsedSeconds
    self.remainingSeconds = remainingSeconds
    self.isStopping = isStopping
    self.workers = workers
  }
}
