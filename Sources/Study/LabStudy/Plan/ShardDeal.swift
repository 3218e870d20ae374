import LabCore
import LabRecords

/// Deals the runs of a plan into shards, the same way wherever the plan is the same.
///
/// Whole seeds come first, one after the other to each shard, so that the variants of a seed are trained on one machine and
/// their differences hold nothing of the machines. Seeds that are left over, fewer than there are shards, are dealt run by run:
/// those with the most work first, each to the shard that has the least.
public struct ShardDeal: Sendable {
  /// The number of each run's shard, from 1.
  public let numbers: [RunIdentity: Int]

  /// Deals runs.
  ///
  /// - Parameters:
  ///   - seeds: the runs of each seed, in the order of the plan, with their work in any unit; a run that is there several
  ///     times is dealt once.
  ///   - count: the number of shards, at least 1.
  public init(_ seeds: [[(run: RunIdentity, work: Double)]], count: Int) {
    var numbers: [RunIdentity: Int] = [:]
    let wholeSeedCount = seeds.count / count * count
    for (index, runs) in seeds.prefix(wholeSeedCount).enumerated() {
      for (run, _) in runs where numbers[run] == nil { numbers[run] = index % count + 1 }
    }
    var rest: [(run: RunIdentity, work: Double)] = []
    var known = Set(numbers.keys)
    for runs in seeds.dropFirst(wholeSeedCount) { rest += runs.filter { known.insert($0.run).inserted } }
    // Sorting by place where work is equal leaves nothing to the sorting algorithm.
    let order = rest.indices.sorted { (-rest[$0].work, $0) < (-rest[$1].work, $1) }
    var loads = [Double](repeating: 0, count: count)
    for index in order {
      let shard = loads.indices.min { (loads[$0], $0) < (loads[$1], $1) } ?? 0
      numbers[rest[index].run] = shard + 1
      loads[shard] += rest[index].work
    }
    self.numbers = numbers
  }
}

extension Shard {
  /// The most parts that a sweep may be dealt into.
  public static let mostParts = 1000

  /// Reads a shard as users write it.
  ///
  /// - Parameter text: such as `2/5`, the second of five parts.
  /// - Returns: nil where it is none, or has a part that is not one of the parts.
  public init?(parsing text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { ("0"..."9").contains($0) } }),
      let number = Int(parts[0]), let count = Int(parts[1]), 1...Shard.mostParts ~= count, 1...count ~= number
    else { return nil }
    self.init(number: number, count: count)
  }
}
