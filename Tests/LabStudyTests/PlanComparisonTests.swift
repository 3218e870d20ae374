import Foundation
import LabCore
import LabRecords
import LabStudy
import Testing

@Suite struct PlanComparisonTests {
  private let data = ContentHash(of: "data")

  private func sweep(_ changes: [(String, String?)], data: ContentHash? = nil) throws -> Sweep {
    let check = checkSpec(changes)
    let plan = try check.validPlan()
    let hash = data ?? self.data
    return Sweep(
      name: plan.name, specText: check.source.text, specHash: try #require(check.spec).meaningHash,
      factors: plan.factors, seeds: plan.seeds,
      variants: plan.variants.indices.map { index in
        let variant = plan.variants[index]
        return .init(
          label: variant.label, levels: variant.levels, isBaseline: variant.isBaseline,
          runs: plan.cells.filter { $0.variantIndex == index }.map {
            .init(
              identity: $0.identity(dataHash: hash), configuration: variant.configuration, dataHash: hash,
              seed: $0.seed, plannedEpochs: 1)
          })
      })
  }

  /// Compares with a sweep of the spec that tests start from.
  private func compare(to changes: [(String, String?)], data: ContentHash? = nil) throws -> PlanComparison {
    PlanComparison(from: try sweep([], data: data), to: try sweep(changes))
  }

  @Test func theSamePlanDiffersInNothing() throws {
    let comparison = try compare(to: [("execution", #"{"workers": 5}"#)])
    #expect(comparison.isEmpty)
    #expect(comparison.unchangedCount == 12)
    #expect(comparison.summaryLines() == [])
  }

  @Test func levelsAndSeedsComeAndGo() throws {
    let comparison = try compare(to: [
      ("factors", #"{"conv": ["static", "odconv-4x", "condconv"], "downsample": ["strided", "spd"]}"#),
      ("seeds", "[1, 2]"),
    ])
    #expect(
      comparison.added.map(\.description) == [
        "baseline (seed 2)", "spd (seed 2)", "odconv-4x (seed 2)", "odconv-4x + spd (seed 2)", "condconv (seed 1)",
        "condconv (seed 2)", "condconv + spd (seed 1)", "condconv + spd (seed 2)",
      ])
    #expect(comparison.removed.count == 6 + 2)
    #expect(comparison.changed == [])
    #expect(comparison.unchangedCount == 4)
    #expect(
      comparison.summaryLines(limit: 2) == [
        "8 added: baseline (seed 2), spd (seed 2), …", "8 removed: baseline (seed 0), spd (seed 0), …",
      ])
  }

  @Test func numbersDifferByValue() throws {
    let (before, after) = try (
      JSONValue(parsing: #"{"a": {"b": 1, "c": 2}}"#), JSONValue(parsing: #"{"a": {"b": 1.0, "c": 3}}"#)
    )
    #expect(ConfigurationDifference.between(before, after).map(\.description) == ["a.c 2 → 3"])
  }

  @Test func changedKeysAreNamed() throws {
    let comparison = try compare(
      to: [("training", #"{"epochs": 5, "loss": {"name": "focal", "gamma": 1}}"#)])
    #expect(comparison.changed.count == 12)
    #expect(comparison.added == [] && comparison.removed == [] && comparison.unchangedCount == 0)
    #expect(
      comparison.changed[0].differences.map(\.description) == [
        "training.epochs 10 → 5", "training.loss.alpha absent → 0.25", "training.loss.gamma absent → 1",
        "training.loss.name \"cross-entropy\" → \"focal\"",
      ])
    #expect(
      comparison.summaryLines(limit: 1) == [
        "12 changed: baseline (seed 0), …", "  because of: training.epochs 10 → 5, …",
      ])
  }

  @Test func changedDataChangeEveryCell() throws {
    let comparison = try compare(to: [], data: ContentHash(of: "other data"))
    #expect(comparison.changed.count == 12)
    #expect(comparison.changed.allSatisfy { $0.differences == [] && $0.dataDiffers })
    #expect(
      comparison.summaryLines(limit: 1) == [
        "12 changed: baseline (seed 0), …", "  because of: the content of the data set or of the initial weights",
      ])
  }

  @Test func renamedLevelsAreTheSameRuns() throws {
    let comparison = try compare(to: [
      (
        "factors",
        #"{"convolution": {"plain": {"conv": "static"}, "one": {"conv": "odconv-1x"}, "four": {"conv": "odconv-4x"}}, "downsample": ["strided", "spd"]}"#
      ),
      ("baseline", #"{"convolution": "plain", "downsample": "strided"}"#),
    ])
    #expect(comparison.isEmpty)
    #expect(comparison.unchangedCount == 12)
  }
}
