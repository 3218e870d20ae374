/// One of the parts that a sweep's cells are dealt into, so that machines that share no folder can train it together.
///
/// It changes no run, so it is no part of a run's identity, nor of what tells sweeps apart.
public struct Shard: Sendable, Codable, Hashable {
  /// The part's number, from 1.
  public var number: Int
  /// The number of parts.
  public var count: Int

  /// Creates a shard.
  public init(number: Int, count: Int) {
    self.number = number
    self.count = count
  }
}

extension Shard: CustomStringConvertible {
  /// The shard as users write it, such as `2/5`.
  public var description: String { "\(number)/\(count)" }
}
