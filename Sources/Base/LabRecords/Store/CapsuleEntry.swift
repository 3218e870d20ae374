import Foundation
import LabCore

/// What a capsule tells of an attempt, as a store keeps it.
public enum CapsuleEntry: Sendable, Hashable {
  /// The attempt trains from an epoch on, with its first step counted over all epochs, both from 0.
  case start(RunProvenance, epoch: Int, step: Int)
  /// An epoch has ended.
  case epoch(EpochRecord)
  /// Something happened that is worth remembering.
  case log(RunEvent.Kind, String, at: Date)
}

/// How far the events of a capsule are in a store.
public struct CapsulePosition: Sendable, Codable, Hashable {
  /// The attempt that the capsule was made for.
  public var attempt: Int
  /// The number of the last event that is there, from 1; 0 before the first.
  public var sequence: Int

  /// Creates a position.
  public init(attempt: Int, sequence: Int = 0) {
    self.attempt = attempt
    self.sequence = sequence
  }
}

/// A whole file of a run that lies in a capsule.
public struct CapsuleFile: Sendable, Codable, Hashable {
  /// Which file of the run it becomes.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case checkpoint
    case bestWeights = "best_weights"
    case finalWeights = "final_weights"
    case predictions
  }

  /// Which file of the run it becomes.
  public var kind: Kind
  /// Its name in the folder of the capsule.
  public var name: String
  /// The hash of its content, as its seal has it.
  public var sha256: String
  /// Its length in bytes.
  public var bytes: Int

  /// Creates a file's description.
  public init(kind: Kind, name: String, sha256: String, bytes: Int) {
    self.kind = kind
    self.name = name
    self.sha256 = sha256
    self.bytes = bytes
  }
}
