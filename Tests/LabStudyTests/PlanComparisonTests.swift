import Foundation
import LabCore
import LabStudy
import Testing

@Suite struct PlanComparisonTests {
  private let data = ContentHash(of: "data")

  /// What a store would tell of a sweep of the plan.
  private func snapshot(of plan: Plan, data: ContentHash? = nil) -> SweepSnapshot {
    SweepSnapshot(
      id: 1, name: plan.name, createdAt: Date(timeIntervalSince1970: 0), factors: plan.factors, seeds: plan.seeds,
      variants: plan.variants.enumerated().map { index, variant in
        let cells = plan.cells.filter { $0.variantIndex == index }
        return SweepSnapshot.Variant(
          label: variant.label, levels: variant.levels, isBaseline: variant.isBaseline,
          runs: cells.map {
            SweepSnapshot.Run(
              identity: $0.identity(dataHash: data ?? self.data), seed: $0.seed, state: .completed, completedEpochs: 3,
              plannedEpochs: 3)
          })
      })
  }

  private func compare(_ earlier: Plan, _ plan: Plan, data: ContentHash? = nil) -> PlanComparison {
    let configurations = Dictionary(
      earlier.cells.map { ($0.identity(dataHash: data ?? self.data), $0.variant.configuration) }
    ) { first, _ in first }
    return PlanComparison(of: plan, with: snapshot(of: earlier, data: data), dataHash: { _ in self.data }) {
      configurations[$0]
    }
  }

  @Test func theSamePlanDiffersInNothing() throws {
    let comparison = compare(try makePlan(), try makePlan([("execution", #"{"workers": 5}"#)]))
    #expect(comparison.isEmpty)
    #expect(comparison.unchangedCount == 12)
    #expect(comparison.summaryLines() == [])
  }

  @Test func levelsAndSeedsComeAndGo() throws {
    let other = try makePlan([
      ("factors", #"{"conv": ["static", "odconv-4x", "condconv"], "downsample": ["strided", "spd"]}"#),
      ("seeds", "[1, 2]"),
    ])
    let comparison = compare(try makePlan(), other)
    #expect(
      comparison.added.map { "\($0.label) \($0.seed)" }.prefix(3) == ["condconv 1", "condconv + spd 1", "baseline 2"])
    #expect(comparison.added.count == 2 + 6)
    #expect(comparison.removed.count == 6 + 2)
    #expect(comparison.changed == [])
    #expect(comparison.unchangedCount == 4)
    #expect(
      comparison.summaryLines(limit: 2) == [
        "8 added: condconv (seed 1), condconv + spd (seed 1), …", "8 removed: baseline (seed 0), spd (seed 0), …",
      ])
  }

  @Test func changedKeysAreNamed() throws {
    let comparison = compare(
      try makePlan(), try makePlan([("training", #"{"epochs": 5, "loss": {"name": "focal", "gamma": 1}}"#)]))
    #expect(comparison.changed.count == 12)
    #expect(comparison.added == [] && comparison.removed == [] && comparison.unchangedCount == 0)
    #expect(
      comparison.changed[0].differences.map(\.description) == [
        "training.epochs 10 → 5", "training.loss.alpha absent → 0.25", "training.loss.gamma absent → 1",
        "training.loss.name \"cross-entropy\" → \"focal\"",
      ])
    #expect(
      comparison.summaryLines(limit: 1) == [
        "12 changed: baseline (seed 0), …", "  training.epochs 10 → 5, …",
      ])
  }

  @Test func changedDataChangeEveryCell() throws {
    let comparison = compare(try makePlan(), try makePlan(), data: ContentHash(of: "other data"))
    #expect(comparison.changed.count == 12)
    #expect(comparison.changed.allSatisfy { $0.differences == [] })
  }

  @Test func renamedLevelsAreTheSameRuns() throws {
    let renamed = try makePlan([
      (
        "factors",
        #"{"convolution": {"plain": {"conv": "static"}, "one": {"conv": "odconv-1x"}, "four": {"conv": "odconv-4x"}}, "downsample": ["strided", "spd"]}"#
      ),
      ("baseline", #"{"convolution": "plain", "downsample": "strided"}"#),
    ])
    #expect(compare(try makePlan(), renamed).isEmpty)
  }
}
