import Foundation
import LabCore

/// One process's try at a run.
public struct RunAttempt: Sendable, Codable, Hashable {
  /// The run.
  public var run: RunIdentity
  /// The attempt's number, from 1.
  public var number: Int
  /// The sweep that the run was trained for.
  public var sweep: Int64
  /// The process.
  public var owner: ProcessIdentity
  /// When the run was claimed.
  public var startedAt: Date
  /// When the attempt ended; nil while it lasts.
  public var endedAt: Date?
  /// The state that the attempt left the run in; nil while it lasts.
  public var exitState: RunState?
  /// Why it ended, where it did not complete.
  public var exitReason: String?
  /// Where and with what it ran, once recorded.
  public var provenance: RunProvenance?

  /// Creates an attempt; only stores do.
  public init(
    run: RunIdentity, number: Int, sweep: Int64, owner: ProcessIdentity, startedAt: Date, endedAt: Date? = nil,
    exitState: RunState? = nil, exitReason: String? = nil, provenance: RunProvenance? = nil
  ) {
    self.run = run
    self.number = number
    self.sweep = sweep
    self.owner = owner
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.exitState = exitState
    self.exitReason = exitReason
    self.provenance = provenance
  }
}

/// Something worth remembering that happened to a run.
public struct RunEvent: Sendable, Codable, Hashable {
  /// What happened.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// A process claimed the run.
    case claimed
    /// A process claimed the run of a dead one.
    case takenOver = "taken_over"
    /// Training went on from a checkpoint.
    case resumed
    /// A checkpoint was written.
    case checkpoint
    /// Something went wrong that did not end the attempt.
    case warning
    /// Something that a person may want to know.
    case note
    /// The attempt ended.
    case finished
  }

  /// When it happened.
  public var date: Date
  /// The attempt that it happened to.
  public var attempt: Int
  /// What happened.
  public var kind: Kind
  /// One sentence about it.
  public var message: String

  /// Creates an event.
  public init(date: Date, attempt: Int, kind: Kind, message: String) {
    self.date = date
    self.attempt = attempt
    self.kind = kind
    self.message = message
  }
}
