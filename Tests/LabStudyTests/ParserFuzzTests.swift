import LabCore
import LabStudy
import Testing

/// Damaged specs: whatever the text is, it is checked to the end, and what is wrong has a place.
@Suite struct ParserFuzzTests {
  private static let fragments = [
    "{", "}", "[", "]", ",", ":", "\"", "'", "\\", "//", "/*", "*/", "null", "-", "0", "1e999", "\u{0}", "\u{7f}", "é",
    "\u{1F600}", "\n", "\r\n", "\t", "\\u", "\\ud83d", "&a ", "*a", "<<: ", "- ", "? ", "!!int ", "|\n", "#", "%", "@",
    "true", "\u{feff}", "conv", "baseline",
  ].map { Array($0.utf8) }

  /// The n-th damaged version of a text: up to four bytes or ranges deleted, replaced, repeated or inserted.
  private func mutation(_ number: UInt64, of text: String) -> String {
    let stream = RandomStream(seed: number, name: "fuzz")
    var bytes = Array(text.utf8)
    for step in 0..<UInt64(1 + stream.integer(below: 4, 0)) {
      func draw(_ bound: Int, _ what: UInt64) -> Int { stream.integer(below: max(bound, 1), 1 + step, what) }
      let start = draw(bytes.count, 0)
      let end = min(bytes.count, start + draw(12, 1))
      switch draw(5, 2) {
      case 0: bytes.removeSubrange(start..<end)
      case 1: bytes.insert(contentsOf: bytes[start..<end], at: draw(bytes.count, 3))
      case 2: bytes.insert(contentsOf: Self.fragments[draw(Self.fragments.count, 4)], at: start)
      case 3: bytes.replaceSubrange(start..<end, with: Self.fragments[draw(Self.fragments.count, 4)])
      default: if start < bytes.count { bytes[start] = UInt8(draw(256, 5)) }
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private func expectSound(_ text: String, format: SourceFormat, number: UInt64) {
    let check = TestSchema.study.check(SpecSource(path: "fuzz", text: text, format: format))
    #expect((check.plan != nil) == check.issues.errors.isEmpty, "mutation \(number): \(check.issues)")
    let lines = text.utf8.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } + 1
    for issue in check.issues {
      let location = issue.location
      #expect(
        location.map { $0.line >= 1 && $0.line <= lines + 1 && $0.column >= 1 } == true, "mutation \(number): \(issue)")
    }
    // The report quotes the text, also where it is damaged.
    _ = check.report()
  }

  @Test func damagedJSONIsNeverFatal() {
    let text = StarterSpec.text(name: "fuzz", format: .json)
    for number in 0..<2000 as Range<UInt64> {
      expectSound(mutation(number, of: text), format: .json, number: number)
    }
  }

  @Test func damagedYAMLIsNeverFatal() {
    let text = StarterSpec.text(name: "fuzz", format: .yaml)
    for number in 0..<1000 as Range<UInt64> {
      expectSound(mutation(number, of: text), format: .yaml, number: number)
    }
  }

  @Test func damagedValuesReachTheRules() {
    // Mutations that keep the syntax: every value of a valid spec in turn replaced by values of other types.
    let values = ["null", "true", "-1", "1e300", "\"x\"", "[]", "{}", "[[]]", "{\"name\": 3}", "[{\"a\": [1]}]"]
    let members = SpecText([("full", #"{"conv": "odconv-4x"}"#), ("design", #""pairs""#), ("include", "[]")]).members
    for (key, _) in members {
      for value in values {
        let check = checkSpec([(key, value)])
        #expect((check.plan != nil) == check.issues.errors.isEmpty, "\(key): \(value)")
        #expect(check.issues.allSatisfy { $0.location != nil })
      }
    }
  }
}
