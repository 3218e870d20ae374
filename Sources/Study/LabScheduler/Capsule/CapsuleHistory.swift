import LabCore
import LabRecords

/// What the events of a capsule tell of its attempt, for a process that is to go on with it.
///
/// A cluster may take a machine away and start the same capsule again elsewhere, while nobody takes in what it has told.
public struct CapsuleHistory: Sendable {
  /// The epochs on record, with those that the capsule was made with.
  public private(set) var epochs: [EpochRecord]
  /// What was chosen, such as the method of each convolution.
  public private(set) var choices: [String: JSONValue]
  /// The checkpoints that were written, the oldest first, whether they are still there or not.
  public private(set) var checkpoints: [CapsuleFile] = []
  /// The best weights that were written last.
  public private(set) var bestWeights: CapsuleFile?
  /// How many files were written.
  public private(set) var fileCount = 0
  /// How often a process has begun.
  public private(set) var startCount = 0
  /// Whether something has lasted since the last start: an epoch or a file.
  public private(set) var hasProgressed = false
  /// How the last process ended; nil where it told nothing of it.
  public private(set) var end: RunOutcome?

  /// Reads the events of a capsule.
  ///
  /// - Throws: `FileError`, ``CapsuleError`` where a line is no event.
  public init(of folder: CapsuleFolder, asked: CapsuleRun) throws {
    choices = asked.resumption.choices
    var records = Dictionary(asked.resumption.epochs.map { ($0.epoch, $0) }) { $1 }
    var reader = CapsuleReader(folder)
    while let event = try reader.next() {
      switch event.content {
      case .start(let provenance, let epoch, _):
        startCount += 1
        (hasProgressed, end) = (false, nil)
        records = records.filter { $0.key < epoch }
        if !provenance.choices.isEmpty { choices = provenance.choices }
      case .epoch(let record):
        hasProgressed = true
        records[record.epoch] = record
      case .artifact(let files):
        hasProgressed = true
        fileCount += files.count
        checkpoints += files.filter { $0.kind == .checkpoint }
        bestWeights = files.last { $0.kind == .bestWeights } ?? bestWeights
      case .final(let outcome, _): end = outcome
      case .progress, .log, .remark, .refusal, .unknown: break
      }
    }
    epochs = records.values.sorted { $0.epoch < $1.epoch }
  }
}
