import GRDB
import LabCore
import LabRecords

/// A row of `epoch_timing`: that an epoch is on record, and its timings.
struct EpochTimingRecord: StoreRecord {
  static let databaseTableName = "epoch_timing"

  var runId: Int64
  var epoch: Int
  var trainSeconds: Double
  var evaluationSeconds: Double
  var imagesPerSecond: Double
  var meanStepMilliseconds: Double
  var peakMemoryBytes: Int?
  var plannedMemoryBytes: Int?

  init(runId: Int64, epoch: Int, _ timing: EpochRecord.Timing) {
    self.runId = runId
    self.epoch = epoch
    trainSeconds = timing.trainSeconds
    evaluationSeconds = timing.evaluationSeconds
    imagesPerSecond = timing.imagesPerSecond
    meanStepMilliseconds = timing.meanStepMilliseconds
    peakMemoryBytes = timing.peakMemoryBytes
    plannedMemoryBytes = timing.plannedMemoryBytes
  }

  var timing: EpochRecord.Timing {
    EpochRecord.Timing(
      trainSeconds: trainSeconds, evaluationSeconds: evaluationSeconds, imagesPerSecond: imagesPerSecond,
      meanStepMilliseconds: meanStepMilliseconds, peakMemoryBytes: peakMemoryBytes,
      plannedMemoryBytes: plannedMemoryBytes)
  }
}

/// A row of `completion`: that a run has a result, and which weights it is of.
struct CompletionRecord: StoreRecord {
  static let databaseTableName = "completion"

  var runId: Int64
  var bestEpoch: Int?
  var evaluatedEpoch: Int?
  var weightsHash: ContentHash?

  init(runId: Int64, _ record: FinalRecord) {
    self.runId = runId
    bestEpoch = record.bestEpoch
    evaluatedEpoch = record.evaluatedEpoch
    weightsHash = record.weightsHash
  }
}
