import LabCore
import LabRecords
import LabReport
import LabStudy

extension PlannedStudy {
  /// The part of a plan that is a shard's.
  package struct Part: Sendable {
    /// The shard.
    package let shard: Shard
    /// Its runs.
    package let runs: Set<RunIdentity>
    /// The number of runs of all shards together.
    let planRunCount: Int

    /// Deals the runs of a spec's seeds.
    ///
    /// - Parameters:
    ///   - shard: the shard.
    ///   - seeds: the seeds of the spec.
    ///   - variants: the variants, in the order of the plan.
    init(_ shard: Shard, seeds: [UInt64], variants: [any PlannedVariant]) {
      let deal = ShardDeal(
        seeds.map { seed in variants.map { ($0.identity(seed: seed), $0.runMultiplyAdds) } }, count: shard.count)
      self.shard = shard
      runs = Set(deal.numbers.filter { $0.value == shard.number }.keys)
      planRunCount = deal.numbers.count
    }

    /// Refuses a part without runs.
    ///
    /// - Parameters:
    ///   - cells: the cells that are selected from.
    ///   - only: what has selected them.
    func check(_ cells: [Run], only: [String]) throws(WorkbenchError) {
      guard !cells.contains(where: { runs.contains($0.identity) }) else { return }
      throw WorkbenchError(
        "--shard \(shard) has no run "
          + (runs.isEmpty
            ? "at all: the plan has \(planRunCount) only"
            : "that --only \(only.joined(separator: " --only ")) selects"),
        kind: .usage)
    }
  }

  /// What is to be said where a part of the plan is asked for, a sentence each.
  package var partRemarks: [String] {
    guard let part else { return [] }
    let added = seedRules.flatMap(\.seeds)
    return [
      "shard \(part.shard) has \(part.runs.count) of the \(part.planRunCount) runs; labrun merge brings shards together"
    ]
      + (added.isEmpty
        ? []
        : [
          "the seeds \(NumberText.ranges(added)), which an earlier --until has added, are of no shard and are left out"
        ])
  }
}
