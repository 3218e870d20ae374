import Foundation
import LabCore
import LabFuzzing
import LabStudy
import Testing

/// Damaged specs: whatever the text is, it is checked to the end, and what is wrong has a place.
@Suite struct ParserFuzzTests {
  private static let fragments = [
    "{", "}", "[", "]", ",", ":", "\"", "'", "\\", "//", "/*", "*/", "null", "-", "0", "1e999", "\u{0}", "\u{7f}", "é",
    "\u{1F600}", "\n", "\r\n", "\t", "\\u", "\\ud83d", "&a ", "*a", "<<: ", "- ", "? ", "!!int ", "|\n", "#", "%", "@",
    "true", "\u{feff}", "conv", "baseline",
  ]

  private func expectSound(_ text: String, format: SourceFormat) {
    let check = TestSchema.study.check(SpecSource(path: "fuzz", text: text, format: format))
    #expect((check.plan != nil) == check.issues.errors.isEmpty, "\(text): \(check.issues)")
    let lines = text.utf8.count { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } + 1
    for issue in check.issues {
      let location = issue.location
      #expect(
        location.map { $0.line >= 1 && $0.line <= lines + 1 && $0.column >= 1 } == true, "\(text): \(issue)")
    }
    // The report quotes the text, also where it is damaged.
    _ = check.report()
  }

  @Test(arguments: [(SourceFormat.json, 2000), (.yaml, 1000)])
  func damagedSpecsAreNeverFatal(format: SourceFormat, count: Int) throws {
    let samples = [StarterSpec.text(name: "fuzz", format: format)].map { Data($0.utf8) }
    let problems = try Fuzzer(format.rawValue, samples: samples, fragments: Self.fragments).problems(count: count) {
      expectSound(String(decoding: $0, as: UTF8.self), format: format)
    }
    #expect(problems == [])
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
