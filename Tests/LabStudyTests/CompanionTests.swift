import LabCore
import LabStudy
import Testing

/// Factors over named settings that stand for other keys, too, such as the depth of a network.
@Suite struct CompanionTests {
  private static let schema: StudySchema = {
    let resnet = ConfigurationSchema.Variant(
      "resnet", "Layers.", options: ConfigurationSchema([.init("widening", .integer(1...9), default: 1, "A factor.")]),
      aliases: ["resnet20": [:], "resnet32": [:], "wide-16-2": ["widening": 2]],
      companions: ["resnet20": ["depth": 20], "resnet32": ["depth": 32], "wide-16-2": ["depth": 16]])
    let model = ConfigurationSchema([
      .init("architecture", .variant([resnet]), default: "resnet", "The network."),
      .init("depth", .optional(.integer(1...99)), default: .null, "The number of layers."),
      .init("width", .integer(1...64), default: 16, "The channels."),
    ])
    return StudySchema(sections: [("dataset", TestSchema.dataset), ("model", model)])
  }()

  private func plan(_ changes: [(String, String)]) throws -> Plan {
    try makePlan(changes.map { ($0.0, Optional($0.1)) }, schema: Self.schema)
  }

  private func models(_ changes: [(String, String)]) throws -> [String: [JSONValue?]] {
    Dictionary(
      uniqueKeysWithValues: try plan(changes).variants.map { variant in
        let model = variant.configuration["model"]
        return (variant.label, [model?["architecture"]?["widening"], model?["depth"], model?["width"]])
      })
  }

  @Test(arguments: ["{}", #"{"architecture": "resnet32"}"#, #"{"architecture": "wide-16-2"}"#])
  func eachLevelHasItsOwnDepth(_ model: String) throws {
    #expect(
      try models([
        ("model", model), ("factors", #"{"architecture": ["resnet20", "resnet32", "wide-16-2"]}"#),
        ("baseline", #"{"architecture": "resnet20"}"#),
      ]) == ["baseline": [1, 20, 16], "resnet32": [1, 32, 16], "wide-16-2": [2, 16, 16]])
  }

  @Test func otherFactorsLeaveTheDepthOfTheName() throws {
    #expect(
      try models([
        ("model", #"{"architecture": "wide-16-2"}"#), ("factors", #"{"width": [8, 16]}"#),
        ("baseline", #"{"width": 8}"#),
      ]).values.sorted { "\($0)" < "\($1)" } == [[2, 16, 16], [2, 16, 8]])
    #expect(
      try models([
        ("model", #"{"architecture": "resnet20"}"#), ("factors", #"{"architecture.widening": [1, 4]}"#),
        ("baseline", #"{"architecture.widening": 1}"#),
      ]).values.sorted { "\($0)" < "\($1)" } == [[1, 20, 16], [4, 20, 16]])
  }

  @Test func aDepthBesideANameIsAnError() {
    func messages(_ changes: [(String, String?)]) -> String {
      checkSpec(changes, schema: Self.schema).issues.map { "\($0)" }.joined(separator: "\n")
    }
    let names = #"{"architecture": ["resnet20", "resnet32"]}"#
    let text = "stands for depth 20, too"
    #expect(
      messages([("model", #"{"depth": 8}"#), ("factors", names), ("baseline", #"{"architecture": "resnet20"}"#)])
        .contains(text))
    #expect(
      messages([
        ("model", #"{"architecture": "resnet20"}"#), ("factors", #"{"depth": [20, 26]}"#),
        ("baseline", #"{"depth": 20}"#),
      ]).contains(text))
    // A name that is no level is none by having the same options as one.
    #expect(
      messages([("factors", names), ("baseline", #"{"architecture": "wide-16-2"}"#)]).contains("baseline.architecture"))
    #expect(
      messages([("factors", names), ("baseline", #"{"architecture": "resnet"}"#)]).contains("baseline.architecture"))
  }

  @Test func anObjectIsNotCalledByANameThatSaysMore() throws {
    let labels = try plan([
      ("factors", #"{"architecture": ["resnet", {"name": "resnet", "widening": 2}, {"name": "wide-16-2"}]}"#),
      ("baseline", #"{"architecture": "resnet"}"#),
    ]).variants.map(\.label)
    #expect(labels == ["baseline", "resnet(widening=2)", "wide-16-2"])
  }

  @Test func theJSONSchemaSaysWhatANameStandsFor() {
    #expect(Self.schema.jsonSchema().canonicalText.contains(#"resnet with {\"depth\":16,\"widening\":2}."#))
  }
}
