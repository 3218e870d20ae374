import Foundation
import GRDB
import LabCore
import LabRecords

/// The columns that hold one split's metrics, in `epoch` and in `final`.
enum EvaluationColumns {
  /// The columns of the first released schema.
  private static let released = [
    "loss", "accuracy", "top5_accuracy", "macro_precision", "macro_recall", "macro_f1", "ece",
  ]
  private static let suffixes = released + ["log_loss"]

  /// The names with which the first released schema began.
  static func releasedNames(split: String) -> [String] { released.map { "\(split)_\($0)" } }

  static func names(split: String) -> [String] { suffixes.map { "\(split)_\($0)" } }

  static func encode(_ metrics: EvaluationMetrics?, split: String, to container: inout PersistenceContainer) {
    let values = [
      metrics?.loss, metrics?.accuracy, metrics?.top5Accuracy, metrics?.macroPrecision, metrics?.macroRecall,
      metrics?.macroF1, metrics?.expectedCalibrationError, metrics?.logLoss,
    ]
    for (name, value) in zip(names(split: split), values) { container[name] = value }
  }

  /// Reads the columns of a split by their names.
  static func decode(_ row: Row, split: String) -> EvaluationMetrics? {
    let names = names(split: split)
    return metrics { row[names[$0]] }
  }

  /// SQLite keeps NaN as NULL; only an accuracy is never NaN and so tells whether there are metrics.
  private static func metrics(_ value: (Int) -> Double?) -> EvaluationMetrics? {
    guard let accuracy = value(1) else { return nil }
    return EvaluationMetrics(
      loss: value(0) ?? .nan, accuracy: accuracy, top5Accuracy: value(2), macroPrecision: value(3) ?? .nan,
      macroRecall: value(4) ?? .nan, macroF1: value(5) ?? .nan, expectedCalibrationError: value(6) ?? .nan,
      logLoss: value(7))
  }
}

/// A row of `epoch`.
struct EpochRow: FetchableRecord, PersistableRecord {
  static let databaseTableName = "epoch"

  var runId: Int64
  var record: EpochRecord

  init(runId: Int64, record: EpochRecord) {
    self.runId = runId
    self.record = record
  }

  init(row: Row) throws {
    runId = row["run_id"]
    record = EpochRecord(
      epoch: row["epoch"],
      metrics: EpochRecord.Metrics(
        trainLoss: row["train_loss"] ?? .nan, trainAccuracy: row["train_accuracy"],
        learningRate: row["learning_rate"] ?? .nan,
        validation: EvaluationColumns.decode(row, split: "validation"),
        test: EvaluationColumns.decode(row, split: "test")),
      timing: EpochRecord.Timing(
        trainSeconds: row["train_seconds"], evaluationSeconds: row["evaluation_seconds"],
        imagesPerSecond: row["images_per_second"], meanStepMilliseconds: row["mean_step_milliseconds"],
        peakMemoryBytes: row["peak_memory_bytes"], plannedMemoryBytes: row["planned_memory_bytes"]))
  }

  func encode(to container: inout PersistenceContainer) {
    container["run_id"] = runId
    container["epoch"] = record.epoch
    container["train_loss"] = record.metrics.trainLoss
    container["train_accuracy"] = record.metrics.trainAccuracy
    container["learning_rate"] = record.metrics.learningRate
    EvaluationColumns.encode(record.metrics.validation, split: "validation", to: &container)
    EvaluationColumns.encode(record.metrics.test, split: "test", to: &container)
    container["train_seconds"] = record.timing.trainSeconds
    container["evaluation_seconds"] = record.timing.evaluationSeconds
    container["images_per_second"] = record.timing.imagesPerSecond
    container["mean_step_milliseconds"] = record.timing.meanStepMilliseconds
    container["peak_memory_bytes"] = record.timing.peakMemoryBytes
    container["planned_memory_bytes"] = record.timing.plannedMemoryBytes
  }
}

/// A row of `final`.
struct FinalRow: FetchableRecord, PersistableRecord {
  static let databaseTableName = "final"

  var runId: Int64
  var bestEpoch: Int?
  var evaluatedEpoch: Int?
  var weightsHash: ContentHash?
  var validation: EvaluationMetrics?
  var test: EvaluationMetrics?

  init(runId: Int64, _ record: FinalRecord) {
    self.runId = runId
    bestEpoch = record.bestEpoch
    evaluatedEpoch = record.evaluatedEpoch
    weightsHash = record.weightsHash
    validation = record.validation
    test = record.test
  }

  init(row: Row) throws {
    runId = row["run_id"]
    bestEpoch = row["best_epoch"]
    evaluatedEpoch = row["evaluated_epoch"]
    weightsHash = (row["weights_hash"] as String?).map(ContentHash.init(hexadecimal:))
    validation = EvaluationColumns.decode(row, split: "validation")
    test = EvaluationColumns.decode(row, split: "test")
  }

  func encode(to container: inout PersistenceContainer) {
    container["run_id"] = runId
    container["best_epoch"] = bestEpoch
    container["evaluated_epoch"] = evaluatedEpoch
    container["weights_hash"] = weightsHash?.hexadecimal
    EvaluationColumns.encode(validation, split: "validation", to: &container)
    EvaluationColumns.encode(test, split: "test", to: &container)
  }
}
