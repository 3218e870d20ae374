import LabCore
import LabRecords
import LabStudy
import Testing

@Suite struct ShardDealTests {
  private func run(_ variant: Int, _ seed: Int) -> RunIdentity {
    RunIdentity(hash: ContentHash(of: "variant \(variant) seed \(seed)"))
  }

  /// The runs of some seeds, of variants with so much work each.
  private func seeds(_ count: Int, work: [Double]) -> [[(run: RunIdentity, work: Double)]] {
    (0..<count).map { seed in work.enumerated().map { (run($0.offset, seed), $0.element) } }
  }

  @Test func wholeSeedsAreDealtInTurns() {
    let deal = ShardDeal(seeds(6, work: [1, 5, 2]), count: 3)
    for seed in 0..<6 {
      for variant in 0..<3 { #expect(deal.numbers[run(variant, seed)] == seed % 3 + 1) }
    }
  }

  @Test func whatIsLeftOverIsDealtByWork() {
    // Four whole seeds, two each; of the fifth, 6 goes to the first shard, 5 and 4 to the second, which has less each time, and 2
    // to the first.
    let deal = ShardDeal(seeds(5, work: [2, 6, 4, 5]), count: 2)
    #expect((0..<4).map { deal.numbers[run(0, $0)] } == [1, 2, 1, 2])
    #expect((0..<4).map { deal.numbers[run($0, 4)] } == [1, 1, 2, 2])
    // Equal work goes in the order of the plan.
    let equal = ShardDeal(seeds(1, work: [1, 1, 1]), count: 2)
    #expect((0..<3).map { equal.numbers[run($0, 0)] } == [1, 2, 1])
  }

  @Test(arguments: [(1, 1), (1, 7), (2, 5), (3, 2), (5, 5), (7, 3), (12, 5)])
  func shardsArePartsOfThePlan(seedCount: Int, count: Int) {
    let work = [1.0, 4, 2, 8, 3]
    let seeds = seeds(seedCount, work: work)
    let deal = ShardDeal(seeds, count: count)
    #expect(Set(deal.numbers.keys) == Set(seeds.joined().map(\.run)))
    #expect(deal.numbers.values.allSatisfy { (1...count).contains($0) })
    // No shard has more than the least one and the largest run together.
    let loads = (1...count).map { shard in
      seeds.joined().filter { deal.numbers[$0.run] == shard }.reduce(0) { $0 + $1.work }
    }
    #expect((loads.max() ?? 0) - (loads.min() ?? 0) <= 8)
  }

  @Test func equalRunsAreOneRun() {
    let same = run(0, 0)
    let deal = ShardDeal([[(same, 3), (run(1, 0), 2), (same, 3)]], count: 2)
    #expect(deal.numbers == [same: 1, run(1, 0): 2])
  }

  @Test func shardsAreRead() {
    #expect(Shard(parsing: "2/5") == Shard(number: 2, count: 5))
    #expect(Shard(parsing: "1/1")?.description == "1/1")
    for text in ["", "2", "0/5", "6/5", "2/0", "-1/5", "2/5/1", "2/", "/5", "a/b", "2 / 5", "1/1001", "１/２"] {
      #expect(Shard(parsing: text) == nil, "\(text)")
    }
  }
}
