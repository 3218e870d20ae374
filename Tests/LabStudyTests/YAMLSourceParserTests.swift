import LabCore
import LabStudy
import Testing

@Suite struct YAMLSourceParserTests {
  private func parse(_ text: String) -> SourceParse { SourceValue.parse(text, format: .yaml) }

  @Test func everyKindOfValueKeepsItsTypeAndPlace() throws {
    let root = try #require(
      parse(
        """
        # a comment
        a: [1, -2.5e1, true, null, x, "2", '3']
        b:
          c: 1e-3
          d: |
            two
            lines
          e:
        """
      ).value)
    #expect(
      root.json == [
        "a": [1, -25.0, true, nil, "x", "2", "3"], "b": ["c": 0.001, "d": "two\nlines\n", "e": nil],
      ])
    #expect(root.member("b")?.keyLocation == SourceLocation(line: 3, column: 1))
    #expect(root["b"]?["c"]?.location == SourceLocation(line: 4, column: 6))
    #expect(root["a"]?.elements?[0].content == .integer(1))
  }

  @Test(arguments: [
    ("off", JSONValue.string("off")), ("no", "no"), ("1:30", "1:30"), ("1_000", "1_000"), ("0x1f", 31), ("0o17", 15),
    ("017", 17), ("+3", 3), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), (".", "."), (".inf", ".inf"), ("~", nil),
    ("True", true), ("2024-01-01", "2024-01-01"), ("1.2.3", "1.2.3"), ("-x", "-x"),
  ])
  func plainScalarsFollowTheCoreSchema(text: String, value: JSONValue) {
    #expect(parse("a: \(text)").value?["a"]?.json == value)
  }

  /// Editors on Windows write a byte-order mark; places are those that they show.
  @Test func aByteOrderMarkIsNoPartOfTheText() throws {
    for text in ["a: 1\nb: [2]\n", "# comment\na: 1\nb: [2]\n", "---\na: 1\nb: [2]\n", "{a: 1, b: [2]}"] {
      let marked = parse("\u{feff}" + text)
      #expect(marked.issues.isEmpty, "\(marked.issues)")
      #expect(marked.value?.json == ["a": 1, "b": [2]])
      #expect(marked.value?["b"]?.location == parse(text).value?["b"]?.location)
    }
  }

  @Test func tagsNameTheTypeOutright() {
    #expect(parse("a: !!str 12").value?.json == ["a": "12"])
    #expect(parse("a: !!float 12").value?.json == ["a": 12])
    #expect(parse("a: !!int x").issues.map(\.description) == [#"1:4: "x" is not what its tag !!int says"#])
    #expect(parse("a: !thing x").issues.map(\.description) == ["1:4: the tag !thing is not known"])
  }

  @Test func anchorsAndMergeKeysAreSupported() {
    let text = """
      base: &base { x: 1, y: 2 }
      more: &more { y: 5, z: 6 }
      a:
        <<: [*base, *more]
        x: 3
      b: *base
      """
    #expect(
      parse(text).value?.json == [
        "base": ["x": 1, "y": 2], "more": ["y": 5, "z": 6], "a": ["x": 3, "y": 2, "z": 6], "b": ["x": 1, "y": 2],
      ])
    #expect(parse("a:\n  <<: 3").issues.map(\.description) == ["2:7: expected a mapping to merge, found 3"])
  }

  @Test(arguments: [
    ("", "1:1: expected a mapping, found an empty file"),
    ("a: 1\na: 2", #"1:1: the key "a" is given twice"#),
    (
      "a: 1\n---\nb: 2",
      "2:1: not well-formed YAML: but found another document expected a single document in the stream in line 1"
    ),
    ("a: *b", "1:4: not well-formed YAML: found undefined alias"),
    ("? [1, 2]\n: 3", "1:3: expected a name as key, found a list or mapping"),
    ("a: \"\\0\"", "1:4: a string cannot contain the character U+0000"),
  ])
  func errorsHaveAPlace(text: String, message: String) {
    let parse = parse(text)
    #expect(parse.value == nil)
    #expect(parse.issues.map(\.description) == [message])
  }

  @Test func syntaxErrorsComeWithLineAndContext() throws {
    let issue = try #require(parse("a: 1\nb: [1, 2\nc: 3").issues.first)
    #expect(issue.location?.line == 3)
    #expect(issue.message.hasPrefix("not well-formed YAML: "))
    #expect(parse("a: \u{1}").issues.first?.location == SourceLocation(line: 1, column: 4))
  }

  @Test func nestingIsLimited() {
    let limit = SourceValue.Limits.nesting
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(parse(nested(limit)).value != nil)
    #expect(parse(nested(limit + 1)).value == nil)
    #expect(parse(String(repeating: "[", count: 100_000)).value == nil)
    #expect(parse(String(repeating: "- ", count: 100_000)).value == nil)
    #expect(parse(String(repeating: "{a: ", count: 100_000)).value == nil)
  }

  @Test func aliasesCannotExpandWithoutBound() {
    var text = "a0: &a0 [x]\n"
    for level in 1...40 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    #expect(
      parse(text).issues.map(\.description) == ["1:1: the file has more than 32 aliases (*name)"])
    // What fits the number of aliases is still bounded by the number of values.
    var wide = "a0: &a0 [\(Array(repeating: "x", count: 5000).joined(separator: ","))]\n"
    for level in 1...8 { wide += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n" }
    #expect(parse(wide).issues.first?.message == "the file has more than \(SourceValue.Limits.values) values")
  }
}
