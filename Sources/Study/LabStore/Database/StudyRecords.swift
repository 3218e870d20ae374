import Foundation
import GRDB
import LabCore
import LabRecords

/// A row whose columns are its properties' names in snake case.
protocol StoreRecord: Codable, FetchableRecord, PersistableRecord {}

extension StoreRecord {
  static var databaseColumnDecodingStrategy: DatabaseColumnDecodingStrategy { .convertFromSnakeCase }
  static var databaseColumnEncodingStrategy: DatabaseColumnEncodingStrategy { .convertToSnakeCase }
}

/// A row of `sweep`.
struct SweepRecord: StoreRecord {
  static let databaseTableName = "sweep"

  var id: Int64
  var name: String
  var specText: String
  var specHash: ContentHash
  var planHash: ContentHash
  var createdAt: Date
  var lastRegisteredAt: Date
  /// JSON text; nil where labrun trains the runs.
  var imported: String?

  func stored(runCounts: [RunState: Int]) -> StoredSweep {
    StoredSweep(
      id: id, name: name, specText: specText, specHash: specHash, planHash: planHash, createdAt: createdAt,
      lastRegisteredAt: lastRegisteredAt, runCounts: runCounts)
  }
}

/// A row of `run`.
struct RunRecord: StoreRecord {
  static let databaseTableName = "run"

  var id: Int64
  var identity: ContentHash
  /// JSON text.
  var configuration: String
  var dataHash: ContentHash
  /// The bits of the seed: SQLite has no unsigned integers.
  var seed: Int64
  var plannedEpochs: Int
  var state: RunState
  var reason: String?
  var isRetriable: Bool
  var completedEpochs: Int
  var trainSeconds: Double?
  var imagesPerSecond: Double?
  var createdAt: Date
  var endedAt: Date?
  var discardsFiles: Bool
}

/// A row of `attempt`.
struct AttemptRecord: StoreRecord {
  static let databaseTableName = "attempt"

  var runId: Int64
  var number: Int
  var sweepId: Int64
  var host: String
  var processScope: String?
  var pid: Int32
  var processStart: Int64
  var startedAt: Date
  var endedAt: Date?
  var exitState: RunState?
  var exitReason: String?
  /// JSON text.
  var provenance: String?
  /// The random name that files of this attempt carry; nil where an earlier version of the program made it.
  var token: String?
  /// The step from which the attempt trained; nil before it began.
  var startStep: Int?
  /// The token of the database that the attempt was recorded in, which its files carry; nil where it is this one.
  var database: String?

  var owner: ProcessIdentity {
    ProcessIdentity(host: host, scope: processScope, pid: pid, startTime: processStart)
  }

  func attempt(at run: RunIdentity) throws -> RunAttempt {
    RunAttempt(
      run: run, number: number, sweep: sweepId, owner: owner, startedAt: startedAt, endedAt: endedAt,
      exitState: exitState, exitReason: exitReason,
      provenance: try provenance.map { try JSONDecoder().decode(RunProvenance.self, from: Data($0.utf8)) })
  }
}

/// A row of `file`: what a run stored last under a name.
struct FileRecord: StoreRecord {
  static let databaseTableName = "file"

  var runId: Int64
  var name: String
  var sha256: String
  var bytes: Int

  var seal: FileSeal { FileSeal(hash: sha256, length: bytes) }
}

/// A row of `lease`.
struct LeaseRecord: StoreRecord {
  static let databaseTableName = "lease"

  var runId: Int64
  var attempt: Int
  var token: String
  var heartbeatAt: Date
  /// When the columns below were written; nil as long as the process has told nothing.
  var progressAt: Date?
  var epoch: Int?
  var epochs: Int?
  var step: Int?
  var stepsPerEpoch: Int?
  var loss: Double?
  var imagesPerSecond: Double?
  var remainingSeconds: Double?
  var activity: String?

  /// How far the process said that it is.
  var progress: RunProgress? {
    guard let epoch, let epochs, let step, let stepsPerEpoch else { return nil }
    return RunProgress(
      epoch: epoch, epochs: epochs, step: step, stepsPerEpoch: stepsPerEpoch, loss: loss,
      imagesPerSecond: imagesPerSecond, activity: activity, remainingSeconds: remainingSeconds)
  }
}

/// A row of `event`.
struct EventRecord: StoreRecord {
  static let databaseTableName = "event"

  var id: Int64?
  var runId: Int64
  var attempt: Int
  var at: Date
  var kind: RunEvent.Kind
  var message: String
}

/// A row of `health`.
struct HealthRecord: StoreRecord {
  static let databaseTableName = "health"

  var runId: Int64
  var kind: String
  var message: String
  var value: Double?

  init(runId: Int64, _ note: HealthNote) {
    self.runId = runId
    (kind, message, value) = (note.kind, note.message, note.value)
  }

  var note: HealthNote { HealthNote(kind, message, value: value) }
}

/// A row of `class_metric`.
struct ClassMetricRecord: StoreRecord {
  static let databaseTableName = "class_metric"

  var runId: Int64
  var `class`: Int
  var name: String
  var support: Int
  var precision: Double
  var recall: Double
  var f1: Double
}
