import LabCore
import LabStudy
import Testing

@Suite struct JSONSourceParserTests {
  private func parse(_ text: String) -> SourceParse { SourceValue.parse(text, format: .json) }

  @Test func everyKindOfValueKeepsItsTypeAndPlace() throws {
    let root = try #require(
      parse(#"{"a": [1, -2.5e1, true, false, null, "x\n\u00e9\ud83d\ude00\/"], "b": {"c": 10000000000000000000}}"#)
        .value)
    #expect(
      root.json == [
        "a": [1, -25.0, true, false, nil, "x\né😀/"], "b": ["c": 1e19],
      ])
    #expect(root["a"]?.location == SourceLocation(line: 1, column: 7))
    #expect(root["b"]?.member("c")?.keyLocation == SourceLocation(line: 1, column: 72))
    #expect(root["a"]?.elements?[0].content == .integer(1))
    #expect(root["a"]?.elements?[1].content == .number(-25))
  }

  @Test func commentsAndTrailingCommasAreTolerated() throws {
    let text = """
      // first
      { /* inner
           comment */ "a": [1, 2, /* last */ ], // "b": 3
        "c": "// no comment /* here */",
      }
      // last
      """
    #expect(parse(text).value?.json == ["a": [1, 2], "c": "// no comment /* here */"])
  }

  @Test func columnsCountCharactersAndLinesCountLineFeeds() throws {
    let root = try #require(parse("\u{feff}{\"é😀\": 1,\r\n\t\"b\": 2}").value)
    #expect(root.members?.map(\.key) == ["é😀", "b"])
    #expect(root["é😀"]?.location == SourceLocation(line: 1, column: 8))
    #expect(root["b"]?.location == SourceLocation(line: 2, column: 7))
  }

  @Test(arguments: [
    ("", "1:1: expected an object, found an empty file"),
    ("  // only a comment", "1:20: expected an object, found an empty file"),
    (#"{"a": 1 "b": 2}"#, #"1:9: expected "," or "}" after the value of "a", found a string"#),
    ("{\"a\": [1 2]}", #"1:10: expected "," or "]" after the list's element, found "2""#),
    ("{\"a\" 1}", #"1:6: expected ":" after the key "a", found "1""#),
    ("{\"a\": }", #"1:7: expected a value for the key "a", found "}""#),
    ("{a: 1}", #"1:2: expected a key in double quotes, "a", found a without quotes"#),
    ("{'a': 1}", "1:2: keys are written in double quotes, not in single ones"),
    ("{\"a\": 'b'}", "1:7: strings are written in double quotes, not in single ones"),
    ("{\"a\": spd}", "1:7: expected a value, found spd without quotes; strings are written in double quotes"),
    ("{\"a\": True}", "1:7: expected a value, found True; write true"),
    ("{\"a\": None}", "1:7: expected a value, found None; write null"),
    ("{\"a\": NaN}", "1:7: expected a finite number, found NaN"),
    ("{\"a\": 1e999}", "1:7: the number 1e999 is too large"),
    ("{\"a\": .5}", "1:7: a number has a digit before its point: write 0.5"),
    ("{\"a\": 1.}", "1:7: 1. has no digit after its point"),
    ("{\"a\": 1e}", "1:7: 1e has no digit in its exponent"),
    ("{\"a\": +1}", "1:7: a number has no plus sign: write 1"),
    ("{\"a\": 007}", "1:7: the number 007 starts with a zero"),
    ("{\"a\": 1x}", "1:7: 1x is not a number"),
    ("{\"a\": -}", "1:7: - is not a number"),
    (
      "{\n  \"a\": [\n    1,\n",
      #"4:1: expected "]" to close the one opened in line 2, column 8, found the end of the file"#
    ),
    ("{\"a\": 1", #"1:8: expected "}" to close the one opened in line 1, column 1, found the end of the file"#),
    ("{\"a\": \"b\n\"}", "1:7: the string that starts here has no closing quote in its line"),
    (
      #"{"a": "\x"}"#,
      #"1:8: a backslash in a string starts one of \" \\ \/ \b \f \n \r \t \uXXXX; write \\ for a backslash"#
    ),
    (#"{"a": "\u12g4"}"#, #"1:8: \u in a string is followed by four hexadecimal digits"#),
    (#"{"a": "\ud83d"}"#, #"1:8: \ud83d is half of a surrogate pair without the other"#),
    (#"{"a": "\ud83dA"}"#, #"1:8: \ud83d is half of a surrogate pair without the other"#),
    (#"{"a": "\u0000"}"#, "1:8: a string cannot contain the character U+0000"),
    ("{\"a\": \"\u{1}\"}", "1:8: a string cannot contain a control character (U+0001)"),
    ("{} {}", #"1:4: expected the end of the file after the value, found "{""#),
    ("{} /* open", "1:4: the comment that starts here has no closing */"),
    ("{\"a\": 1} # no", "1:10: comments start with // in JSON"),
    ("{,}", #"1:2: expected a key in double quotes or "}", found ",""#),
    ("[,]", #"1:2: expected a value or "]", found ",""#),
  ])
  func syntaxErrorsSayWhatWasExpectedWhere(text: String, message: String) {
    let parse = parse(text)
    #expect(parse.value == nil)
    #expect(parse.issues.map(\.description) == [message])
  }

  @Test func repeatedKeysAreReportedAndDoNotHideTheRest() {
    let parse = parse("{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 2},\n \"a\": 3}")
    #expect(
      parse.issues.map(\.description) == [
        #"2:16: the key "c" is given twice; the first one is in line 2"#,
        #"3:2: the key "a" is given twice; the first one is in line 1"#,
      ])
    #expect(parse.value?.json == ["a": 1, "b": ["c": 1]])
  }

  @Test func nestingIsLimited() {
    let limit = SourceValue.Limits.nesting
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(parse(nested(limit)).value != nil)
    #expect(
      parse(nested(limit + 1)).issues.map(\.description)
        == ["1:\(limit + 1): arrays and objects are nested more than \(limit) deep"])
    #expect(parse(String(repeating: "{\"a\":", count: 100_000)).value == nil)
  }

  @Test func sizeAndNumberOfValuesAreLimited() {
    let many = "[" + String(repeating: "0,", count: SourceValue.Limits.values) + "]"
    #expect(parse(many).issues.first?.message == "the file has more than \(SourceValue.Limits.values) values")
    let large = "\"" + String(repeating: "x", count: SourceValue.Limits.bytes) + "\""
    #expect(parse(large).value == nil)
  }
}
