import LabCore
import Testing

@Suite struct NearestNameTests {
  private let names = ["static", "odconv-1x", "odconv-4x", "dyconv", "condconv"]

  @Test(arguments: [
    ("statik", "static"), ("odconv-4", "odconv-4x"), ("ODConv_4x", "odconv-4x"), ("dyconvv", "dyconv"),
    ("cnodconv", "condconv"), ("static", "static"),
  ])
  func suggestsTheClosest(_ name: String, _ expected: String) {
    #expect(NearestName.suggestion(for: name, among: names) == expected)
  }

  @Test func suggestsNothingFarAway() {
    #expect(NearestName.suggestion(for: "transformer", among: names) == nil)
    #expect(NearestName.suggestion(for: "static", among: [String]()) == nil)
    #expect(NearestName.hint(for: "transformer", among: names) == "")
  }

  @Test func theHintIsPartOfASentence() {
    #expect(NearestName.hint(for: "dyconf", among: names) == " (did you mean \"dyconv\"?)")
  }

  @Test func aNameThatGoesOnWinsOverOneThatIsShorter() {
    #expect(NearestName.suggestion(for: "odconv-4", among: ["odconv", "odconv-1x", "odconv-4x"]) == "odconv-4x")
  }

  @Test func theFirstOfEquallyCloseNamesWins() {
    #expect(NearestName.suggestion(for: "conv3", among: ["conv1", "conv2"]) == "conv1")
  }
}
