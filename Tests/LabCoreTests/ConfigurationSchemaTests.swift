import LabCore
import Testing

@Suite struct ConfigurationSchemaTests {
  @Test func boundsIncludeTheirEndsUnlessToldOtherwise() {
    #expect(ConfigurationSchema.Bounds.unit.contains(0))
    #expect(ConfigurationSchema.Bounds.unit.contains(1))
    #expect(!ConfigurationSchema.Bounds.unit.contains(1.000001))
    #expect(!ConfigurationSchema.Bounds.positive.contains(0))
    #expect(ConfigurationSchema.Bounds.nonNegative.contains(0))
    #expect(!ConfigurationSchema.Bounds(0, 1, includesMaximum: false).contains(1))
  }

  @Test func boundsHoldNothingThatIsNotFinite() {
    for number in [Double.nan, .infinity, -.infinity] { #expect(!ConfigurationSchema.Bounds.any.contains(number)) }
    #expect(ConfigurationSchema.Bounds.any.contains(-1e308))
  }

  @Test func fieldsAreFoundByName() {
    let schema = ConfigurationSchema([.init("depth", .integer(1...200), default: 20, "The number of layers.")])
    #expect(schema.field("depth")?.defaultValue == 20)
    #expect(schema.field("width") == nil)
  }

  /// What came to give other results is another run; everything else keeps its identity.
  @Test func revisionsArePartOfTheIdentityOfWhatTheyChangeOnly() throws {
    func schema(_ adam: Int, _ decay: Int, sgd: Int = 0) -> ConfigurationSchema {
      ConfigurationSchema([
        .init(
          "optimizer", .variant([.init("sgd", "SGD.", revision: sgd), .init("adam", "Adam.", revision: adam)]),
          default: "sgd", "The optimiser."),
        .init("decay", .optional(.number(.unit)), default: .null, revision: decay, "The decay."),
      ])
    }
    func identity(_ value: JSONValue, _ schema: ConfigurationSchema) throws -> JSONValue {
      schema.identityConfiguration(of: try schema.resolved(value))
    }
    let (old, new) = (schema(0, 0), schema(2, 1))
    #expect(try identity([:], new) == [:])
    #expect(try identity(["optimizer": "sgd", "decay": "none"], new) == [:])
    #expect(try identity(["optimizer": "adam"], old) == ["optimizer": ["name": "adam"]])
    #expect(try identity(["optimizer": "adam"], new) == ["optimizer": ["name": "adam", "#revision": 2]])
    #expect(try identity(["decay": 0.5], old) == ["decay": 0.5])
    #expect(try identity(["decay": 0.5], new) == ["decay": ["#revision": 1, "value": 0.5]])
    // A default that has changed its results is another run too.
    #expect(try identity([:], schema(0, 0, sgd: 1)) == ["optimizer": ["name": "sgd", "#revision": 1]])
  }

  @Test func ofAlternativesOneIsTaken() throws {
    let schema = ConfigurationSchema(
      [
        .init("epochs", .optional(.number(.nonNegative)), default: 10.0, "The length in epochs."),
        .init("share", .optional(.number(.unit)), default: .null, "The length as a share."),
        .init("other", .integer(0...9), default: 1, "Something else."),
      ], alternatives: [["epochs", "share"]])
    #expect(schema.problems() == [])
    func resolved(_ value: JSONValue) throws -> JSONValue { try schema.resolved(value) }
    #expect(try resolved([:]) == ["epochs": 10.0, "share": .null, "other": 1])
    #expect(try resolved(["share": 0.1]) == ["epochs": .null, "share": 0.1, "other": 1])
    #expect(try resolved(["epochs": 3, "share": .null]) == ["epochs": 3.0, "share": .null, "other": 1])
    #expect(try resolved(["epochs": .null]) == ["epochs": 10.0, "share": .null, "other": 1])
    // A canonical form resolves to itself, and defaults leave no trace in an identity.
    for value in [[:], ["share": 0.1], ["epochs": 3]] as [JSONValue] {
      #expect(try resolved(resolved(value)) == resolved(value))
    }
    #expect(schema.identityConfiguration(of: try resolved([:])) == [:])
    #expect(schema.identityConfiguration(of: try resolved(["share": 0.1])) == ["epochs": .null, "share": 0.1])
    let both = schema.resolve(["epochs": 10, "share": 0.1], at: "conv").issues
    #expect(both.map(\.kind) == [.conflict] && both.map(\.path) == ["conv.share"])
    #expect(both.first?.message.contains("says what \"epochs\" says already") == true)
    #expect(ConfigurationSchema([], alternatives: [["absent"]]).problems() != [])
  }
}
