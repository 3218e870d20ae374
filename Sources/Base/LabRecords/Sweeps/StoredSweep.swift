import Foundation
import LabCore

/// A sweep as a store knows it, without its variants.
public struct StoredSweep: Sendable, Codable, Hashable, Identifiable {
  /// The sweep's number in its store.
  public var id: Int64
  /// The spec's name.
  public var name: String
  /// The spec as the user wrote it when the sweep was first registered.
  public var specText: String
  /// The hash of the spec's meaning.
  public var specHash: ContentHash
  /// The hash of the whole registration, which tells sweeps of one name apart.
  public var planHash: ContentHash
  /// When the sweep was first registered.
  public var createdAt: Date
  /// When the sweep was last registered: the newest sweep is the one that was last worked on.
  public var lastRegisteredAt: Date
  /// The number of its runs by state; states without a run are absent.
  public var runCounts: [RunState: Int]

  /// Creates a stored sweep; only stores do.
  public init(
    id: Int64, name: String, specText: String, specHash: ContentHash, planHash: ContentHash, createdAt: Date,
    lastRegisteredAt: Date, runCounts: [RunState: Int]
  ) {
    self.id = id
    self.name = name
    self.specText = specText
    self.specHash = specHash
    self.planHash = planHash
    self.createdAt = createdAt
    self.lastRegisteredAt = lastRegisteredAt
    self.runCounts = runCounts
  }
}
