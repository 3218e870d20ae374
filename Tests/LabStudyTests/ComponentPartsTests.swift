import LabCore
import LabStudy
import Testing

/// The parts of components: switches as factors, and specs that leave one out after the other.
@Suite struct ComponentPartsTests {
  private static let dynamic = ConfigurationSchema.Variant(
    "dynamic", "A block of parts.",
    options: ConfigurationSchema([
      ConfigurationSchema.Field("kernels", .integer(1...64), default: 4, "The number of kernels.")
        .compared([1, 2, 4], off: 1),
      .init(
        "attentions",
        .object(.switches([("spatial", "Over taps."), ("channel", "Over channels."), ("kernel", "Over kernels.")])),
        default: [:], "Which attentions there are."),
      ConfigurationSchema.Field(
        "normalization", .optional(.variant([.init("batch", "Of batches."), .init("group", "Of groups.")])),
        default: "batch", "The normalisation."
      ).compared(off: .null),
      .init("reduction", .number(.unit), default: 0.5, "The width."),
    ]),
    aliases: ["dynamic-1x": ["kernels": 1]])

  private static let schema = StudySchema(sections: [
    (
      "dataset",
      ConfigurationSchema([
        .init("name", .choice(["fashion-mnist"]), default: "fashion-mnist", "The images."),
        .init("train_limit", .optional(.integer(1...60_000)), default: .null, "A limit."),
      ])
    ),
    (
      "model",
      ConfigurationSchema([
        .init("architecture", .variant([.init("resnet", "A network.")]), default: "resnet", "The architecture."),
        .init("depth", .integer(8...1202), default: 20, "The number of layers."),
        .init("width", .integer(1...1024), default: 16, "The channels of the first stage."),
        .init("conv", .variant([.init("static", "A convolution."), dynamic]), default: "static", "The convolutions."),
        .init(
          "attention", .optional(.variant([.init("se", "A block."), .init("static", "Another.")])), default: .null,
          "A block."),
      ])
    ),
    (
      "training",
      ConfigurationSchema([
        .init("epochs", .integer(1...1000), default: 10, "Passes."),
        .init("batch_size", .integer(1...1000), default: 64, "Images a step."),
      ])
    ),
  ])

  private func plan(_ text: String, format: SourceFormat = .json) throws -> Plan {
    let check = Self.schema.check(SpecSource(path: "a", text: text, format: format))
    #expect(check.issues == [])
    return try check.validPlan()
  }

  @Test func aFactorSetsOneSwitchOfAList() throws {
    #expect(Self.schema.problems() == [])
    let plan = try plan(
      #"""
      {
        "model": { "conv": { "name": "dynamic", "attentions": ["spatial"] } },
        "factors": { "attentions.kernel": [false, true], "attentions.channel": [false, true] },
        "baseline": { "attentions.kernel": false, "attentions.channel": false }
      }
      """#)
    #expect(
      plan.variants.map { $0.configuration["model"]?["conv"]?["attentions"] } == [
        ["spatial": true, "channel": false, "kernel": false], ["spatial": true, "channel": true, "kernel": false],
        ["spatial": true, "channel": false, "kernel": true], ["spatial": true, "channel": true, "kernel": true],
      ])
  }

  @Test func aFactorSetsAllSwitches() throws {
    let plan = try plan(
      #"""
      {
        "model": { "conv": "dynamic" },
        "factors": { "attentions": [[], ["kernel"], ["spatial", "channel", "kernel"]] }, "baseline": { "attentions": [] }
      }
      """#)
    #expect(
      plan.variants.map(\.label) == [
        "baseline", "attentions=[kernel]", "attentions=[spatial,channel,kernel]",
      ])
    #expect(plan.variants[2].identityConfiguration["model"] == ["conv": ["name": "dynamic"]])
  }

  @Test func componentsAreFoundByNameAliasAndKey() throws {
    let component = try Self.schema.component("dynamic-1x")
    #expect(component.key == "model.conv" && component.variant.name == "dynamic")
    #expect(component.parts.first?.defaultValue == 1)
    #expect(try Self.schema.component("model.attention.static").key == "model.attention")
    func message(_ name: String) -> String {
      do {
        _ = try Self.schema.component(name)
        return "found"
      } catch { return "\(error)" }
    }
    #expect(
      message("static")
        == "\"static\" could be model.conv.static or model.attention.static; name one of them with its key")
    #expect(message("dynamc").contains("did you mean \"dynamic\"?"))
    #expect(throws: SpecError.noParts(component: "model.attention.se")) {
      try AblationSpec(of: Self.schema.component("se"))
    }
  }

  @Test(arguments: SourceFormat.allCases) func specsOfPartsLeaveOneOutAfterTheOther(_ format: SourceFormat) throws {
    let spec = try AblationSpec(of: Self.schema.component("dynamic"))
    let plan = try plan(spec.text(name: "1e5", format: format), format: format)
    #expect(plan.name == "1e5" && plan.seeds == [0, 1, 2])
    let parts = spec.component.removableParts
    #expect(
      parts.map(\.path.description) == [
        "kernels", "attentions.spatial", "attentions.channel", "attentions.kernel", "normalization",
      ])
    #expect(plan.variants.count == 2 + parts.count)
    let convolutions = plan.variants.compactMap { $0.configuration["model"]?["conv"] }
    #expect(
      convolutions[0] == [
        "name": "dynamic", "kernels": 1, "attentions": ["spatial": false, "channel": false, "kernel": false],
        "normalization": .null, "reduction": 0.5,
      ])
    #expect(plan.variants[1].identityConfiguration["model"]?["conv"] == ["name": "dynamic"])
    for (variant, part) in zip(plan.variants.dropFirst(2), parts) {
      let conv = variant.identityConfiguration["model"]?["conv"]
      var expected: JSONValue = ["name": "dynamic"]
      expected[path: part.path.description] = part.off
      #expect(conv == expected)
    }
  }

  @Test func theSchemaTakesBothForms() throws {
    let text = Self.schema.jsonSchema().canonicalText
    #expect(text.contains(#""items":{"enum":["spatial","channel","kernel"]},"type":"array","uniqueItems":true"#))
  }
}
