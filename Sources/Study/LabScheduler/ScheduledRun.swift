import LabCore
import LabRecords

/// A run in the order in which a scheduler is to start it.
public struct ScheduledRun: Sendable, Hashable {
  /// The run.
  public var identity: RunIdentity
  /// The variant's label, for people.
  public var label: String
  /// The seed.
  public var seed: UInt64
  /// The memory that the run will need at its peak, in bytes.
  public var plannedBytes: Int

  /// Creates a scheduled run.
  public init(identity: RunIdentity, label: String, seed: UInt64, plannedBytes: Int = 0) {
    self.identity = identity
    self.label = label
    self.seed = seed
    self.plannedBytes = plannedBytes
  }
}
