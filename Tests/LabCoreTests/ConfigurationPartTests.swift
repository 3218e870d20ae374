import LabCore
import Testing

/// Objects of switches, which may be written as lists, and the parts of a component that an ablation compares.
@Suite struct ConfigurationPartTests {
  private static let gates = ConfigurationSchema([
    .init("kernel", .choice(["sigmoid", "softmax"]), default: "softmax", "The gate over kernels.")
  ])
  private static let variant = ConfigurationSchema.Variant(
    "dynamic", "A block of parts.",
    options: ConfigurationSchema([
      ConfigurationSchema.Field("kernels", .integer(1...64), default: 4, "The number of kernels.")
        .compared([1, 2, 4], off: 1),
      .init(
        "attentions", .object(.switches([("spatial", "Over taps."), ("kernel", "Over kernels.")])), default: [:],
        "Which attentions there are."),
      .init("gates", .object(gates), default: [:], "The gates."),
      ConfigurationSchema.Field("annealing", .choice(["none", "linear"]), default: "linear", "The course.")
        .compared(off: "none"),
      .init("everywhere", .boolean, default: false, "Whether it is everywhere."),
      .init("reduction", .number(.unit), default: 0.5, "The width."),
    ]),
    aliases: ["dynamic-1x": ["kernels": 1]])
  private static let schema = ConfigurationSchema([
    .init("conv", .variant([variant, .init("static", "A block without.")]), default: "static", "The block.")
  ])

  @Test func aListOfSwitchesIsTheObjectThatItStandsFor() throws {
    #expect(Self.schema.problems() == [])
    func attentions(_ value: JSONValue) throws -> JSONValue? {
      try Self.schema.resolved(["conv": ["name": "dynamic", "attentions": value]])["conv"]?["attentions"]
    }
    #expect(try attentions(["kernel"]) == ["spatial": false, "kernel": true])
    #expect(try attentions([]) == ["spatial": false, "kernel": false])
    #expect(try attentions(["kernel", "spatial"]) == attentions([:]))
    #expect(try attentions(["spatial": false]) == ["spatial": false, "kernel": true])
    func message(_ value: JSONValue) -> String {
      Self.schema.resolve(["conv": ["name": "dynamic", "attentions": value]]).issues.map { "\($0)" }.joined()
    }
    #expect(
      message(["spacial"])
        == "conv.attentions[0]: expected one of \"spatial\", \"kernel\", found the string \"spacial\" (did you mean \"spatial\"?)"
    )
    #expect(message(["kernel", "kernel"]).hasPrefix("conv.attentions[1]: names \"kernel\" a second time"))
    #expect(message("kernel").contains("a list of some of \"spatial\", \"kernel\", or an object"))
    // Only objects of switches have a short form.
    #expect(!Self.schema.resolve(["conv": ["name": "dynamic", "gates": ["kernel"]]]).issues.isEmpty)
  }

  @Test func theDefaultStaysOutOfIdentities() throws {
    func identity(_ value: JSONValue) throws -> JSONValue {
      Self.schema.identityConfiguration(of: try Self.schema.resolved(["conv": value]))
    }
    #expect(try identity("dynamic") == ["conv": ["name": "dynamic"]])
    #expect(try identity(["name": "dynamic", "attentions": ["kernel", "spatial"]]) == identity("dynamic"))
    #expect(
      try identity(["name": "dynamic", "attentions": ["kernel"]])
        == ["conv": ["name": "dynamic", "attentions": ["spatial": false]]])
  }

  @Test func listsAreWrittenOutWhereTheyAreValid() {
    let kind = ConfigurationSchema.Kind.object(Self.schema)
    #expect(
      kind.writingOutSwitches(["conv": ["name": "dynamic-1x", "attentions": ["kernel"], "kernels": 3]])
        == ["conv": ["name": "dynamic-1x", "attentions": ["spatial": false, "kernel": true], "kernels": 3]])
    for value in [
      ["conv": "dynamic"], ["conv": ["name": "dynamic", "attentions": ["spacial"]]], ["conv": ["name": "other"]], 3,
      ["conv": ["attentions": ["kernel"]]],
    ] as [JSONValue] {
      #expect(kind.writingOutSwitches(value) == value)
    }
  }

  @Test func partsKnowTheirLevelsAndWhatLeavesThemOut() throws {
    let parts = Self.variant.parts()
    #expect(
      parts.map(\.path.description) == [
        "kernels", "attentions.spatial", "attentions.kernel", "gates.kernel", "annealing", "everywhere", "reduction",
      ])
    #expect(
      parts.map(\.levels) == [
        [4, 1, 2], [true, false], [true, false], ["softmax", "sigmoid"], ["linear", "none"], [false, true], [0.5],
      ])
    #expect(parts.map(\.off) == [1, false, false, nil, "none", nil, nil])
    #expect(parts.map(\.canBeLeftOut) == [true, true, true, false, true, false, false])
    let single = try #require(Self.variant.parts(alias: "dynamic-1x").first)
    #expect(single.defaultValue == 1 && single.levels == [1, 2, 4] && !single.canBeLeftOut)
  }

  @Test func configurationsOfPartsAreValidAndDiffer() throws {
    let all = Self.variant.partConfigurations
    // Two more numbers of kernels, one other level of five parts, and four sets of switches of one alias.
    #expect(all.count == 2 + 5 + 4)
    let resolved = try all.map { try Self.schema.resolved(["conv": $0]) }
    // The alias with all of its switches is one of the numbers of kernels.
    #expect(Set(resolved.map(\.canonicalText)).count == all.count - 1)
  }

  @Test func unsoundSwitchesAreFound() {
    var mixed = ConfigurationSchema([.init("count", .integer(0...3), default: 1, "A number.")])
    mixed.isListed = true
    #expect(mixed.problems().count == 1)
    let level = ConfigurationSchema([
      ConfigurationSchema.Field("count", .integer(0...3), default: 1, "A number.").compared([2, 9], off: 7)
    ])
    #expect(level.problems().count == 2)
  }
}
