import LabCore
import LabStudy
import Testing

@Suite struct StudySchemaTests {
  /// A program whose data sets have options of their own.
  private let variants = StudySchema(sections: [
    .init(
      "dataset", "The data set.",
      kind: .variant([
        .init(
          "fashion-mnist", "Clothing.",
          options: ConfigurationSchema([
            .init("train_limit", .optional(.integer(1...60_000)), default: .null, "A limit.")
          ])),
        .init(
          "signs", "Signs.",
          options: ConfigurationSchema([
            .init("train_limit", .optional(.integer(1...1_000_000)), default: .null, "A limit."),
            .init("blur", .number(.nonNegative), default: 0.9, "The blur."),
          ])),
      ]), default: nil),
    .init("model", "The model.", TestSchema.model),
  ])

  private func plan(_ text: String) throws -> Plan {
    try variants.check(SpecSource(path: "a.json", text: text)).validPlan()
  }

  @Test func namesMeanTheKeyWhosePathTheyEnd() {
    func paths(_ name: String) -> [String] { TestSchema.study.keys(matching: name).map(\.path.description) }
    #expect(paths("conv") == ["model.conv"])
    #expect(paths("model.conv") == ["model.conv"])
    #expect(paths("milestones") == ["training.schedule.milestones"])
    #expect(paths("schedule.milestones") == ["training.schedule.milestones"])
    #expect(paths("name") == ["dataset.name", "training.schedule.name"])
    #expect(paths("nothing") == [])
    #expect(paths("model") == [])
    #expect(paths("onv") == [])
    #expect(paths("") == [])
    #expect(paths("model.") == [])
    // Options of variants are found where no key of every run has the name.
    #expect(paths("kernels") == ["model.conv.kernels"])
    #expect(paths("momentum") == ["training.optimizer.momentum"])
  }

  @Test func keysKnowTheirVariantsAndShortNames() throws {
    let kernels = try #require(TestSchema.study.keys(matching: "kernels").first)
    #expect(kernels.variants == ["odconv", "condconv"])
    let shortNames = TestSchema.study.keys.map { TestSchema.study.shortName(of: $0) }
    #expect(Set(shortNames).count == TestSchema.study.keys.count)
    #expect(
      shortNames.contains("dataset.name") && shortNames.contains("schedule.name") && shortNames.contains("epochs"))
  }

  @Test func sectionsMayBeVariants() throws {
    #expect(variants.problems() == [])
    let plan = try plan(
      #"{"dataset": "signs", "factors": {"blur": [0.9, 0]}, "baseline": {"blur": 0.9}}"#)
    #expect(plan.variants.map { $0.configuration["dataset"]?["blur"] } == [0.9, 0.0])
    #expect(plan.variants[0].identityConfiguration == ["dataset": ["name": "signs"]])
    let both = try self.plan(
      #"""
      {
        "factors": {
          "dataset": ["fashion-mnist", {"name": "signs", "blur": 2}],
          "train_limit": [100, null]
        },
        "baseline": {"dataset": "fashion-mnist", "train_limit": null}
      }
      """#)
    #expect(
      both.variants.map(\.label) == [
        "baseline", "train_limit=100", "signs(blur=2) + train_limit=100", "signs(blur=2)",
      ])
    #expect(both.variants[2].configuration["dataset"] == ["name": "signs", "blur": 2.0, "train_limit": 100])
  }

  @Test func levelsMaySetWholeOrPartialSections() throws {
    let plan = try plan(
      #"""
      {
        "dataset": "signs",
        "factors": {
          "data": {
            "part": {"dataset": {"train_limit": 5}, "model": {"depth": 8}},
            "whole": {"dataset": {"name": "fashion-mnist"}}
          }
        },
        "baseline": {"data": "part"}
      }
      """#)
    #expect(
      plan.variants.map { $0.configuration["dataset"] } == [
        ["name": "signs", "blur": 0.9, "train_limit": 5], ["name": "fashion-mnist", "train_limit": nil],
      ])
    #expect(plan.variants.map { $0.configuration["model"]?["depth"] } == [8, 20])
  }

  @Test func aRequiredSectionIsMissed() {
    let check = variants.check(SpecSource(path: "a.json", text: "{}"))
    #expect(
      check.issues.map(\.description) == [
        #"a.json:1:1: dataset: is missing; expected one of "fashion-mnist", "signs""#
      ])
  }

  @Test func sectionsCannotHaveNamesOfOtherKeys() {
    let schema = StudySchema(sections: [("seeds", TestSchema.model)])
    #expect(schema.problems() == ["seeds: a spec has another key of this name"])
  }
}
