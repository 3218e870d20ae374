import LabCore
import Testing

/// Named settings that stand for other keys of the same object, too.
@Suite struct ConfigurationCompanionTests {
  private static func schema(companion key: String = "depth", value: JSONValue = 20) -> ConfigurationSchema {
    let network = ConfigurationSchema.Variant(
      "network", "Layers.", options: ConfigurationSchema([.init("widening", .integer(1...9), default: 1, "A factor.")]),
      aliases: ["network-20": [:], "wide-40-2": ["widening": 2]],
      companions: ["network-20": [key: value], "wide-40-2": ["depth": 40]])
    let model = ConfigurationSchema([
      .init("architecture", .variant([network, .init("plain", "Others.")]), default: "network", "The network."),
      .init("depth", .optional(.integer(1...99)), default: .null, "The number of layers."),
      .init("frontend", .optional(.variant([network])), default: .null, "Another network."),
    ])
    return ConfigurationSchema([.init("model", .object(model), default: [:], "The model.")])
  }

  private func canonical(_ model: JSONValue) throws -> JSONValue? {
    try Self.schema().resolved(["model": model])["model"]
  }

  private func message(_ model: JSONValue) -> String {
    Self.schema().resolve(["model": model]).issues.map { "\($0)" }.joined(separator: "\n")
  }

  @Test func aNameIsTheSameAsWhatItStandsFor() throws {
    let written = try canonical(["architecture": ["name": "network", "widening": 2], "depth": 40])
    #expect(try canonical(["architecture": "wide-40-2"]) == written)
    #expect(try canonical(["architecture": ["name": "wide-40-2"], "depth": .null]) == written)
    #expect(try canonical(["architecture": "wide-40-2", "depth": 40]) == written)
    #expect(try canonical(written ?? .null) == written)
    #expect(
      try canonical(["architecture": ["name": "network-20", "widening": 3]])
        == canonical(["architecture": ["name": "network", "widening": 3], "depth": 20]))
    #expect(try canonical(["architecture": "network"])?["depth"] == .null)
    #expect(try canonical(["frontend": "network-20"])?["depth"] == 20)
  }

  @Test func anotherValueBesideTheNameIsAnError() {
    #expect(
      message(["architecture": "network-20", "depth": 8])
        == "model.architecture: \"network-20\" stands for depth 20, too, but depth is 8; expected no other depth beside it, "
        + "so leave depth out, or choose another name")
    #expect(message(["architecture": "network-20", "depth": "deep"]).contains("depth is"))
  }

  @Test func anotherNameCanTakeThePlaceOfOne() throws {
    let schema = Self.schema()
    for model: JSONValue in [
      ["architecture": "wide-40-2"], ["architecture": "wide-40-2", "depth": 40], ["architecture": "plain", "depth": 3],
      ["architecture": ["name": "network-20", "widening": 3]], [:],
    ] {
      let (written, canonical) = (["model": model] as JSONValue, try schema.resolved(["model": model]))
      let kept = schema.keepingNames(of: written, in: canonical)
      #expect(try schema.resolved(kept) == canonical, "\(model)")
    }
    var changed = schema.keepingNames(
      of: ["model": ["architecture": "wide-40-2"]], in: try schema.resolved(["model": ["architecture": "wide-40-2"]]))
    changed["model"]?["architecture"] = "network-20"
    #expect(try schema.resolved(changed) == schema.resolved(["model": ["architecture": "network-20"]]))
  }

  @Test func theSchemasOwnMistakesAreFound() {
    #expect(Self.schema().problems() == [])
    #expect(Self.schema(companion: "deepness").problems().contains { $0.contains("stands for a deepness") })
    #expect(Self.schema(value: "deep").problems().contains { $0.contains("stands for a depth") })
    let variant = ConfigurationSchema.Variant("a", "One.", companions: ["b": ["depth": 1]])
    #expect(
      ConfigurationSchema([.init("a", .variant([variant]), default: "a", "One.")]).problems()
        == ["a: \"b\" is no alias of \"a\""])
  }
}
