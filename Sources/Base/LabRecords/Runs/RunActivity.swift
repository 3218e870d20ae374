import Foundation

/// What a store knows of a run at work, beside how it stands.
public struct RunActivity: Sendable, Hashable {
  /// When the newest attempt began; nil before the first.
  public var startedAt: Date?
  /// When the run ended; nil while it has not.
  public var endedAt: Date?
  /// The process that has the newest attempt; nil before the first.
  public var owner: ProcessIdentity?
  /// The last epoch on record, of a run that is trained now.
  public var lastEpoch: EpochRecord?

  /// Creates an activity.
  public init(
    startedAt: Date? = nil, endedAt: Date? = nil, owner: ProcessIdentity? = nil, lastEpoch: EpochRecord? = nil
  ) {
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.owner = owner
    self.lastEpoch = lastEpoch
  }
}
