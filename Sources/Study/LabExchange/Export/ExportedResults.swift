import LabCore
import LabRecords

/// A sweep with all that is on record of its runs, as it is given to other programs.
public struct ExportedResults: Sendable {
  /// The sweep.
  public var sweep: Sweep
  /// The recorded epochs of a run.
  public var epochs: @Sendable (RunIdentity) throws -> [EpochRecord]
  /// The final record of a run; nil where it is not completed.
  public var final: @Sendable (RunIdentity) throws -> FinalRecord?
  /// What a run predicts for the test images; nil where that is not on record.
  public var predictions: @Sendable (RunIdentity) throws -> Predictions?
  /// What else a run left, such as its checkpoint, by paths; empty where there is nothing.
  public var files: @Sendable (RunIdentity) -> [String]

  /// Creates results.
  public init(
    sweep: Sweep, epochs: @escaping @Sendable (RunIdentity) throws -> [EpochRecord],
    final: @escaping @Sendable (RunIdentity) throws -> FinalRecord?,
    predictions: @escaping @Sendable (RunIdentity) throws -> Predictions? = { _ in nil },
    files: @escaping @Sendable (RunIdentity) -> [String] = { _ in [] }
  ) {
    self.sweep = sweep
    self.epochs = epochs
    self.final = final
    self.predictions = predictions
    self.files = files
  }
}

/// What is exported beside runs and epochs.
public struct ExportOptions: Sendable, Hashable {
  /// Whether the predictions for each test image are.
  public var includesPredictions: Bool

  /// Creates options.
  public init(includesPredictions: Bool = false) { self.includesPredictions = includesPredictions }
}
