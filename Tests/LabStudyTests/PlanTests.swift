import LabCore
import LabStudy
import Testing

@Suite struct PlanTests {
  @Test func cellsAreSeedMajorWithTheBaselineFirst() throws {
    let plan = try makePlan([("baseline", #"{"conv": "odconv-1x", "downsample": "spd"}"#)])
    #expect(
      plan.variants.map(\.label) == [
        "baseline", "static + strided", "static", "strided", "odconv-4x + strided", "odconv-4x",
      ])
    #expect(plan.cells.map(\.seed) == [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    #expect(plan.cells.prefix(6).map(\.variant.label) == plan.variants.map(\.label))
    #expect(plan.cells.map(\.variantIndex) == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    #expect(plan.baseline?.levels == ["conv": "odconv-1x", "downsample": "spd"])
    #expect(plan.variants.map(\.isBaseline) == [true, false, false, false, false, false])
    #expect(plan.factors.map(\.name) == ["conv", "downsample"])
    #expect(plan.factors[0].levels == ["static", "odconv-1x", "odconv-4x"])
  }

  @Test func configurationsAreComplete() throws {
    let plan = try makePlan([("model", #"{"depth": 8}"#), ("training", #"{"epochs": 3}"#)])
    let variant = try #require(plan.variants.last)
    #expect(variant.label == "odconv-4x + spd")
    #expect(variant.configuration["model"]?["conv"]?["kernels"] == 4)
    #expect(variant.configuration["model"]?["depth"] == 8)
    #expect(variant.configuration["training"]?["learning_rate"] == 0.1)
    #expect(
      variant.identityConfiguration == [
        "dataset": ["name": "fashion-mnist"],
        "model": ["conv": ["name": "odconv", "kernels": 4], "depth": 8, "downsample": "spd"], "training": ["epochs": 3],
      ])
    #expect(try TestSchema.study.configuration.resolved(variant.configuration) == variant.configuration)
  }

  @Test func specsWithoutFactorsHaveOneVariant() throws {
    let plan = try makePlan([("factors", nil), ("baseline", nil), ("seeds", nil), ("name", nil)])
    #expect(plan.variants.map(\.label) == ["baseline"])
    #expect(plan.seeds == [0])
    #expect(plan.name == "a")
  }

  @Test func identitiesDependOnMeaningDataAndSeedOnly() throws {
    let data = ContentHash(of: "data")
    let short = try makePlan()
    let long = try makePlan([
      ("name", #""another""#), ("seeds", "[7, 1]"), ("execution", #"{"workers": 3}"#),
      (
        "factors",
        #"{"down": {"a": {"downsample": "spd"}, "b": {"downsample": "strided"}}, "#
          + #""model.conv": [{"name": "static"}, {"name": "odconv", "kernels": 4.0}]}"#
      ), ("baseline", #"{"down": "b", "model.conv": "static"}"#),
    ])
    func identity(_ plan: Plan, _ label: String, seed: UInt64, data: ContentHash = data) throws -> RunIdentity {
      try #require(plan.cells.first { $0.variant.label == label && $0.seed == seed }).identity(dataHash: data)
    }
    #expect(try identity(short, "odconv-4x + spd", seed: 1) == identity(long, "a + odconv-4x", seed: 1))
    #expect(try identity(short, "odconv-4x + spd", seed: 0) != identity(short, "odconv-4x + spd", seed: 1))
    #expect(
      try identity(short, "spd", seed: 0) != identity(short, "spd", seed: 0, data: ContentHash(of: "other data")))
    #expect(Set(short.cells.map { $0.identity(dataHash: data) }).count == 12)
  }

  // MARK: Labels

  @Test func labelsOfBareValuesNameTheirFactor() throws {
    let plan = try makePlan([
      (
        "factors",
        #"{"training.learning_rate": [0.1, 0.05], "width": {"thin": 8, "wide": 32}, "nesterov": [false, true], "#
          + #""augmentation": [null, "affine", {"flip": true}], "early_stopping": ["none", {"patience": 3}]}"#
      ), ("design", #""one-factor-at-a-time""#),
      (
        "baseline",
        #"{"training.learning_rate": 0.1, "width": 8, "nesterov": false, "augmentation": "none", "early_stopping": false}"#
      ),
    ])
    #expect(
      plan.variants.map(\.label) == [
        "baseline", "learning_rate=0.05", "wide", "nesterov=true", "affine", "flip=true", "patience=3",
      ])
    #expect(plan.factors.map(\.levels)[3] == ["none", "affine", "flip=true"])
  }

  @Test func labelsThatSeveralFactorsHaveNameTheirFactor() throws {
    let plan = try makePlan([
      (
        "factors",
        #"{"recipe": {"base": {"epochs": 2}, "long": {"epochs": 9}}, "net": {"base": {"depth": 8}, "long": {"depth": 50}, "full": {"depth": 98}}}"#
      ), ("baseline", #"{"recipe": "base", "net": "base"}"#), ("design", #""one-factor-at-a-time""#),
    ])
    #expect(plan.variants.map(\.label) == ["baseline", "recipe=long", "net=long", "net=full"])
  }

  @Test func leaveOneOutIsNamedAfterWhatIsMissing() throws {
    let plan = try makePlan([
      (
        "factors",
        #"{"conv": ["static", "odconv-4x"], "downsample": ["strided", "spd"], "training.loss": ["cross-entropy", "focal"]}"#
      ),
      ("baseline", #"{"conv": "static", "downsample": "strided", "training.loss": "cross-entropy"}"#),
      ("design", #""leave-one-out""#),
    ])
    #expect(
      plan.variants.map(\.label) == [
        "baseline", "full", "full without odconv-4x", "full without spd", "full without focal",
      ])
    #expect(plan.variants[2].levels == ["conv": "static", "downsample": "spd", "training.loss": "focal"])
  }

  @Test func unlabeledLevelsOfSeveralKeysAreNamedAfterTheirSettings() throws {
    let plan = try makePlan([
      ("factors", #"{"recipe": [{"epochs": 2}, {"epochs": 10, "training.learning_rate": 0.05}]}"#),
      ("baseline", #"{"recipe": "epochs=2"}"#),
    ])
    #expect(plan.variants.map(\.label) == ["baseline", "epochs=10,learning_rate=0.05"])
    #expect(plan.variants[1].configuration["training"]?["learning_rate"] == 0.05)
  }

  // MARK: Levels

  @Test func aLevelMaySetKeysInsideAnothersValue() throws {
    // The optimiser's option is set after the optimiser, in whatever order the factors are.
    let plan = try makePlan([
      ("factors", #"{"momentum": [0.9, 0.5], "optimizer": ["sgd", {"name": "sgd", "nesterov": true}]}"#),
      ("baseline", #"{"momentum": 0.9, "optimizer": "sgd"}"#),
    ])
    #expect(
      plan.variants.last?.configuration["training"]?["optimizer"] == ["name": "sgd", "momentum": 0.5, "nesterov": true])
    // Both halves of a paired level may go into one value.
    let paired = try makePlan([
      (
        "factors",
        #"{"recipe": {"a": {"conv": "odconv", "conv.kernels": 2}, "b": {"model": {"conv": "odconv-4x", "depth": 8}}}}"#
      ),
      ("baseline", #"{"recipe": "a"}"#),
    ])
    #expect(paired.variants.map { $0.configuration["model"]?["conv"]?["kernels"] } == [2, 4])
    #expect(paired.variants.map { $0.configuration["model"]?["depth"] } == [20, 8])
  }

  @Test func optionsThatOnlySomeVariantsHaveAreAnErrorOfThoseCells() {
    let changes =
      [
        ("factors", #"{"conv": ["static", "odconv-4x"], "conv.reduction": [0.0625, 0.25]}"#),
        ("baseline", #"{"conv": "odconv-4x", "conv.reduction": 0.0625}"#),
      ] as [(String, String?)]
    #expect(
      checkSpec(changes).issues.map(\.description) == [
        #"a.json:4:67: factors.conv.reduction[0]: "static" has no option "reduction" (in the variant "static")"#,
        #"a.json:4:75: factors.conv.reduction[1]: "static" has no option "reduction" (in the variant "static + reduction=0.25")"#,
      ])
    // Leaving those cells out is the way to study it.
    let excluded = checkSpec(changes + [("exclude", #"[{"conv": "static"}]"#)])
    #expect(excluded.issues == [])
    #expect(excluded.plan?.variants.count == 2)
  }

  // MARK: Cells

  @Test func excludeThenInclude() throws {
    let plan = try makePlan([
      ("exclude", #"[{"conv": ["odconv-1x", "odconv-4x"], "downsample": "spd"}, {"conv": "odconv-1x"}]"#),
      ("include", #"[{"downsample": "spd", "conv": ["odconv-4x"]}, {"conv": "odconv-1x"}]"#),
    ])
    #expect(plan.variants.map(\.label) == ["baseline", "spd", "odconv-4x", "odconv-4x + spd", "odconv-1x"])
  }

  @Test func listedCellsAreCompletedFromTheBaseline() throws {
    let plan = try makePlan([
      (
        "design",
        #"{"name": "list", "cells": [{"conv": "odconv-4x"}, {}, {"conv": ["odconv-1x", "odconv-4x"], "downsample": "spd"}]}"#
      )
    ])
    #expect(plan.variants.map(\.label) == ["baseline", "odconv-4x", "odconv-1x + spd", "odconv-4x + spd"])
  }

  @Test func cellsOfEqualConfigurationsCollapse() throws {
    let check = checkSpec([
      (
        "factors",
        #"{"conv": ["static", "odconv-4x"], "recipe": {"default": {}, "same": {"epochs": 10}, "long": {"epochs": 20}}}"#
      ),
      ("baseline", #"{"conv": "static", "recipe": "default"}"#),
    ])
    let plan = try #require(check.plan)
    #expect(plan.variants.map(\.label) == ["baseline", "long", "odconv-4x", "odconv-4x + long"])
    #expect(plan.collapsedCells.map(\.label) == ["same", "odconv-4x + same"])
    #expect(plan.collapsedCells.map(\.variant) == ["baseline", "odconv-4x"])
    #expect(plan.collapsedCells[0].levels == ["conv": "static", "recipe": "same"])
    #expect(check.issues.map(\.severity) == [.warning, .warning])
  }

  @Test func keysThatChangeNoResultMakeNoSecondRun() throws {
    let plan = try makePlan([
      ("factors", #"{"log_every": [50, 10]}"#), ("baseline", #"{"log_every": 50}"#),
    ])
    #expect(plan.variants.count == 1)
    #expect(plan.collapsedCells.map(\.label) == ["log_every=10"])
  }

  // MARK: Checks by the caller

  @Test func issuesOfVariantsGetTheLevelThatCausedThem() {
    let check = checkSpec([("model", #"{"depth": 8}"#)]) { variant in
      var issues: [SpecIssue] = []
      if variant.levels["conv"] == "odconv-4x" {
        issues.append(SpecIssue(keyPath: "model.conv", message: "does not fit into memory"))
      }
      if variant.levels["downsample"] == "spd" {
        issues.append(SpecIssue(.warning, keyPath: "model", message: "images have an odd size"))
      }
      issues.append(SpecIssue(keyPath: "model.depth", message: "is not 6n + 2"))
      issues.append(SpecIssue(keyPath: "training.epochs", message: "is not set"))
      issues.append(SpecIssue(message: "something else"))
      return issues
    }
    #expect(
      check.issues.map(\.description) == [
        "a.json:1:1: training.epochs: is not set",
        "a.json:1:1: something else",
        #"a.json:4:47: factors.conv[2]: does not fit into memory (in the variants "odconv-4x", "odconv-4x + spd")"#,
        "a.json:4:87: warning: factors.downsample[1]: images have an odd size (in the variants \"spd\", "
          + "\"odconv-1x + spd\", \"odconv-4x + spd\")",
        "a.json:7:22: model.depth: is not 6n + 2",
      ])
    #expect(check.spec != nil && check.plan == nil)
  }

  @Test func issuesOfCombinationsNameTheRarestCommonLevel() {
    let check = checkSpec { variant in
      variant.levels == ["conv": "odconv-4x", "downsample": "spd"] ? [SpecIssue(message: "shapes do not fit")] : []
    }
    #expect(
      check.issues.map(\.description) == [
        #"a.json:4:47: factors.conv[2]: shapes do not fit (in the variant "odconv-4x + spd")"#
      ])
  }
}
