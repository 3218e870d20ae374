import LabCore
import LabRecords
import LabStats

/// What a report tells beyond what a sweep has: the course of each run, its classes, where it was trained and with what.
///
/// All of it may be missing; the report has less to say then.
public struct SweepRecords: Sendable {
  /// What the spec says of itself.
  public var description: String?
  /// The epochs of runs, in ascending order.
  public var epochs: [RunIdentity: [EpochRecord]]
  /// The final records of completed runs.
  public var finals: [RunIdentity: FinalRecord]
  /// The last attempt at each run.
  public var attempts: [RunIdentity: RunAttempt]
  /// How often the test predictions of runs are right by their confidence.
  public var calibration: [RunIdentity: CalibrationBins]
  /// What runs predicted for each test image; nil where the report's metric is nothing of test images.
  public var predictions: TestPredictions?
  /// What runs predict with parts of them replaced.
  public var lesions: [RunIdentity: [LesionPredictions]]
  /// What could not be read, a sentence each.
  public var problems: [String]

  /// Creates records.
  public init(
    description: String? = nil, epochs: [RunIdentity: [EpochRecord]] = [:], finals: [RunIdentity: FinalRecord] = [:],
    attempts: [RunIdentity: RunAttempt] = [:], calibration: [RunIdentity: CalibrationBins] = [:],
    predictions: TestPredictions? = nil, lesions: [RunIdentity: [LesionPredictions]] = [:], problems: [String] = []
  ) {
    self.description = description
    self.epochs = epochs
    self.finals = finals
    self.attempts = attempts
    self.calibration = calibration
    self.predictions = predictions
    self.lesions = lesions
    self.problems = problems
  }
}
