/// What makes two runs the same run: the result-relevant configuration, the data and the seed.
///
/// Names, worker counts and folders are no part of it, so equal cells of different specs share one run.
public struct RunIdentity: Hashable, Sendable, Codable, CustomStringConvertible {
  /// The digest.
  public let hash: ContentHash

  /// Derives the identity of a run.
  ///
  /// - Parameters:
  ///   - configuration: the resolved configuration, reduced to its result-relevant keys.
  ///   - dataHash: the hash of what the run reads: the data set's content and any initial weights.
  ///   - seed: the run's seed.
  public init(configuration: JSONValue, dataHash: ContentHash, seed: UInt64) {
    var hasher = ContentHasher()
    hasher.update("labrun-run-1")
    hasher.update(configuration.canonicalText)
    hasher.update(dataHash.hexadecimal)
    hasher.update(String(seed))
    hash = hasher.finish()
  }

  /// Wraps a stored digest.
  public init(hash: ContentHash) { self.hash = hash }

  /// The first twelve digits, which name the run to people and in file names.
  public var short: String { hash.short }

  public var description: String { hash.hexadecimal }
}
