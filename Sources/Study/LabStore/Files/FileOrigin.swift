import LabCore
import LabRecords

/// What a file of a run says of where it comes from.
struct FileOrigin: Sendable, Hashable {
  /// The token of the database that its attempt was recorded in; nil in files of earlier versions.
  var database: String?
  /// The number of the attempt that wrote it.
  var attempt: Int?
  /// The token of that attempt; nil in files of earlier versions.
  var attemptToken: String?
  /// The epoch after which weights were taken, from 0; the number of complete epochs of a checkpoint.
  var epoch: Int?
  /// Steps since the start of the run.
  var step: Int?
  /// The epoch of the best weights that a checkpoint speaks of, from 0.
  var bestEpoch: Int?
  /// The hash of those weights.
  var bestWeights: String?

  /// Names of attributes.
  enum Key {
    static let database = "database"
    static let attempt = "attempt"
    static let attemptToken = "attempt_token"
    static let epoch = "epoch"
    static let step = "step"
    static let bestWeights = "best_weights"
  }

  /// Reads the attributes of a file; of a checkpoint also its progress, where earlier versions keep the position.
  init(_ content: TensorGroup) {
    func string(_ key: String) -> String? {
      if case .string(let text)? = content.attributes[key] { text } else { nil }
    }
    func integer(_ key: String) -> Int? {
      if case .integer(let number)? = content.attributes[key] { Int(clamping: number) } else { nil }
    }
    database = string(Key.database)
    attempt = integer(Key.attempt)
    attemptToken = string(Key.attemptToken)
    epoch = integer(Key.epoch)
    step = integer(Key.step)
    bestWeights = string(Key.bestWeights)
    if let progress = string("progress").flatMap({ try? JSONValue(parsing: $0) }) {
      epoch = progress["epoch"]?.integerValue ?? epoch
      step = progress["step"]?.integerValue ?? step
      bestEpoch = progress["bestEpoch"]?.integerValue
    }
  }
}

/// What the database knows of a run, for files to be compared with.
struct RunLineage: Sendable {
  /// An attempt as far as files tell of it.
  struct Attempt: Sendable {
    var number: Int
    var token: String?
    var startStep: Int?
    /// The token of the database that it was recorded in, where that is another one, from which the run was taken over.
    var database: String?
  }

  /// The database's token.
  var database: String
  /// The attempts, the first one first.
  var attempts: [Attempt]
  /// Epochs on record from the first one on without a gap.
  var epochs: Int

  /// Why a file does not belong to what the database knows, as the end of a sentence that begins with its path; nil
  /// where it does.
  ///
  /// - Parameter isCheckpoint: whether the file rests on the epochs before it.
  func misfit(of origin: FileOrigin, isCheckpoint: Bool) -> String? {
    let found = attempts.first { $0.number == origin.attempt }
    if let token = origin.database, token != found?.database ?? database { return "belongs to another database" }
    guard let number = origin.attempt, let attempt = found else {
      return "is of an attempt that the database does not know"
    }
    // Both are missing in results of earlier versions.
    guard attempt.token == origin.attemptToken else { return "is of another attempt \(number) than the database knows" }
    if isCheckpoint, let epoch = origin.epoch, epoch > epochs {
      return "is ahead of the database, which has \(epochs) of the \(epoch) epochs before it"
    }
    if let step = origin.step,
      let later = attempts.first(where: { $0.number > number && ($0.startStep ?? .max) < step })
    {
      return "is of step \(step), and attempt \(later.number) began again at step \(later.startStep ?? 0)"
    }
    return nil
  }
}
