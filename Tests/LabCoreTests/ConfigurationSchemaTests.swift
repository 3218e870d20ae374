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
}
