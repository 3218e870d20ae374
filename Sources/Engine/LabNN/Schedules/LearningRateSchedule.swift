import LabCore

/// The course of the learning rate: a pure function of the step.
public protocol LearningRateSchedule: ConfigurableComponent {
  /// The factor of the configured learning rate.
  ///
  /// - Parameters:
  ///   - step: the number of steps before this one.
  ///   - totalSteps: the number of steps of the run; the factor of a later step is the last one's.
  ///   - stepsPerEpoch: the number of steps of one epoch.
  func factor(step: Int, totalSteps: Int, stepsPerEpoch: Int) -> Double

  /// Whether a warm-up comes before the schedule's own course (true) or covers its beginning (false).
  var startsAfterWarmup: Bool { get }

  /// What is odd about the schedule beside the length of the training, such as drops behind its end; nil where nothing
  /// is, as with all schedules that fit themselves to the length.
  func remark(epochs: Int) -> String?
}

extension LearningRateSchedule {
  public func remark(epochs: Int) -> String? { nil }
}

/// The schedules that a configuration can name.
public enum ScheduleFamily: ComponentFamily {
  public static let registry = Registry<any LearningRateSchedule>(
    "schedules",
    [
      ConstantSchedule(),
      StepSchedule(),
      CosineSchedule(),
      OneCycleSchedule(),
    ]
  ) { type(of: $0).registeredNames }
}

/// The configuration of a schedule: `"cosine"`, `{"name": "step", "milestones": [30, 60]}`.
public typealias ScheduleConfiguration = Selection<ScheduleFamily>

/// The learning rate of each step: base rate × schedule × linear warm-up.
public struct LearningRate: RuntimeScalar {
  /// The configured learning rate.
  public var base: Double
  /// The course after the warm-up.
  public var schedule: ScheduleConfiguration
  /// The warm-up.
  public var warmup: Warmup

  /// Creates the scalar.
  public init(base: Double, schedule: ScheduleConfiguration, warmup: Warmup = Warmup()) {
    self.base = base
    self.schedule = schedule
    self.warmup = warmup
  }

  public var name: String { "learning_rate" }
  public var summary: String { "the learning rate of the step" }

  public func value(at position: StepPosition) -> Double {
    let schedule = schedule.component
    let warmupSteps = min(warmup.steps(stepsPerEpoch: position.stepsPerEpoch), position.totalSteps)
    let skipped = schedule.startsAfterWarmup ? warmupSteps : 0
    let factor = schedule.factor(
      step: max(0, position.step - skipped), totalSteps: position.totalSteps - skipped,
      stepsPerEpoch: position.stepsPerEpoch)
    return base * factor * warmup.factor(step: position.step, steps: warmupSteps)
  }
}

/// A linear rise of the learning rate at the start of a run.
public struct Warmup: Hashable, Sendable {
  /// The length of the rise.
  public enum Length: Hashable, Sendable {
    case steps(Int)
    /// A number of epochs, not necessarily whole.
    case epochs(Double)
  }

  /// The length of the rise.
  public var length: Length
  /// The factor of the learning rate in the first step.
  public var startFactor: Double

  /// Creates a warm-up; without arguments, none.
  public init(_ length: Length = .steps(0), startFactor: Double = 0.1) {
    self.length = length
    self.startFactor = startFactor
  }

  /// The number of steps before the full learning rate.
  public func steps(stepsPerEpoch: Int) -> Int {
    switch length {
    case .steps(let count): count
    case .epochs(let count): Int((count * Double(stepsPerEpoch)).rounded())
    }
  }

  /// The factor in a step of a warm-up of some steps; PyTorch's `LinearLR`.
  func factor(step: Int, steps: Int) -> Double {
    step >= steps ? 1 : startFactor + (1 - startFactor) * Double(step) / Double(steps)
  }
}
