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
}
