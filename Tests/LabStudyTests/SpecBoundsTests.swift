import Foundation
import LabCore
import LabStudy
import Testing

/// Specs that say too much of something: an answer at once, and one that can be read.
@Suite(.timeLimit(.minutes(10))) struct SpecBoundsTests {
  private static let count = 16_000

  /// An object of unknown keys that look like known ones.
  private static func members(_ count: Int = count, value: String = "1", prefix: String = "epochs") -> String {
    (0..<count).map { "\"\(prefix)\($0)\": \(value)" }.joined(separator: ", ")
  }

  private func expectShort(_ check: SpecCheck, about expected: String) {
    #expect(check.plan == nil)
    let report = check.report()
    // A line, its excerpt and a mark for each that is shown, and one line for the rest.
    #expect(report.split(separator: "\n").count <= 3 * SpecIssue.mostReported + 1)
    #expect(report.contains(expected), "\(report.prefix(2000))")
    #expect(report.utf8.count < 200_000)
    let error = SpecError.invalid(path: "a.json", issues: check.issues)
    #expect(error.description.split(separator: "\n").count <= SpecIssue.mostReported + 1)
  }

  @Test func manyUnknownKeysOfTheSpecAreAnswered() {
    let check = TestSchema.study.check(SpecSource(path: "a.json", text: "{\(Self.members())}"))
    #expect(check.issues.count >= Self.count)
    expectShort(check, about: "a.json: and \(check.issues.count - SpecIssue.mostReported) more")
    let text = "{\n\(Self.members().split(separator: ",").joined(separator: ",\n"))\n}"
    let lines = TestSchema.study.check(SpecSource(path: "a.json", text: text))
    expectShort(lines, about: "a.json: and \(lines.issues.count - SpecIssue.mostReported) more")
    #expect(lines.report().contains(#"a.json:2:1: epochs0: unknown key "epochs0""#))
  }

  @Test(arguments: ["dataset", "model", "training", "execution"])
  func manyUnknownKeysOfASectionAreAnswered(section: String) {
    let name = section == "dataset" ? #""name": "hdf5", "# : ""
    let check = checkSpec([(section, "{\(name)\(Self.members())}")])
    expectShort(check, about: #"unknown key "epochs"#)
    #expect(check.issues.count >= Self.count)
    #expect(check.report().contains("more"))
  }

  @Test func manyUnknownOptionsAreAnswered() {
    expectShort(checkSpec([("model", "{\"conv\": {\"name\": \"odconv\", \(Self.members())}}")]), about: "has no option")
    expectShort(checkSpec([("design", "{\"name\": \"pairs\", \(Self.members())}")]), about: "more")
  }

  @Test func manyFactorsAndLevelsAreAnswered() {
    expectShort(
      checkSpec([("factors", "{\(Self.members(value: "[1, 2]"))}")]), about: "has 16000 factors; expected at most")
    let levels = (0..<Self.count).map { "\($0 + 1)" }.joined(separator: ", ")
    expectShort(
      checkSpec([("factors", "{\"width\": [\(levels)]}"), ("baseline", #"{"width": 1}"#)]),
      about: "has 16000 levels; expected at most")
    expectShort(
      checkSpec([
        ("factors", "{\"width\": {\(Self.members(value: #"{"widht": 8}"#))}}"), ("baseline", #"{"width": 1}"#),
      ]),
      about: "has 16000 levels; expected at most")
  }

  @Test func manyUnknownFactorsAndLevelsOfCellsAreAnswered() {
    expectShort(checkSpec([("baseline", "{\(Self.members())}")]), about: "unknown factor")
    expectShort(checkSpec([("exclude", "[{\(Self.members())}]")]), about: "unknown factor")
    let cells = (0..<Self.count).map { "{\"conv\": \"odconv-\($0)x\"}" }.joined(separator: ", ")
    for key in ["exclude", "include"] {
      expectShort(checkSpec([(key, "[\(cells)]")]), about: "has 16000 cells; expected at most")
    }
    expectShort(
      checkSpec([("design", "{\"name\": \"list\", \"cells\": [\(cells)]}")]), about: "has 16000 cells; expected at most"
    )
  }

  @Test func whatIsMeantIsStillSuggested() {
    let check = checkSpec([("training", "{\"epoch\": 3, \"batchsize\": 4}")])
    #expect(check.issues.compactMap(\.suggestion) == ["epochs", "batch_size"])
    #expect(!check.report().contains("more"))
  }

  @Test func errorsComeBeforeWarningsWhereNotAllAreShown() {
    // More warnings than are shown, and one error that stands behind all of them.
    let levels = (0..<40).map { "\"l\($0)\": {\"width\": 8}" }.joined(separator: ", ")
    let check = checkSpec([
      ("factors", "{\"sizes\": {\(levels)}}"), ("baseline", #"{"sizes": "l0"}"#), ("seeds", "[-1]"),
    ])
    #expect(check.issues.warnings.count > SpecIssue.mostReported)
    #expect(check.report().contains("seeds[0]: expected a seed"))
  }

  @Test func aVeryLongNameIsNotComparedWithOthers() {
    let name = String(repeating: "epochs", count: 100_000)
    let check = checkSpec([("training", "{\"\(name)\": 3}")])
    #expect(check.issues.contains { $0.suggestion == nil && $0.found?.contains("epochs") == true })
  }

  @Test func aLinkToAHugeFileIsNotRead() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("spec-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (huge, link) = (folder.appendingPathComponent("huge"), folder.appendingPathComponent("a.json"))
    try Data("{".utf8).write(to: huge)
    let handle = try FileHandle(forWritingTo: huge)
    try handle.truncate(atOffset: 40_000_000_000)
    try handle.close()
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: huge)
    let error = #expect(throws: SpecError.self) { _ = try SpecSource(contentsOf: link.path) }
    #expect(error?.description.contains("it has 40000000000 bytes; a spec may have at most") == true)
  }

  // MARK: YAML

  private func yaml(_ text: String) -> String {
    SourceValue.parse(text, format: .yaml).issues.first?.description ?? ""
  }

  /// Lists of lists by aliases: 30 aliases, some millions of elements.
  private static let multiplied =
    "a0: &a0 [x, x, x, x]\n"
    + (1...10).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1), *a\($0 - 1)]\n" }.joined()

  @Test(arguments: ["? *a10\n: 1\n", "*a10 : 1\n", "b: {*a10 : 1}\n", "b: {*a10}\n", "b: [*a10 : 1]\n"])
  func aliasesOfListsAreNoKeys(text: String) {
    #expect(yaml(Self.multiplied + text).contains("expected a name as key, found a list or mapping"))
  }

  @Test func aliasesOfNamesAreKeys() {
    let parse = SourceValue.parse("a: &name b\n*name : 1\n", format: .yaml)
    #expect(parse.issues.isEmpty)
    #expect(parse.value?.json == ["a": "b", "b": 1])
  }

  @Test(arguments: ["*-a", "*a", "*1", "*_"])
  func aliasesOfEveryFormAreCounted(alias: String) {
    let list = Array(repeating: alias, count: 33).joined(separator: ", ")
    #expect(yaml("a: &\(alias.dropFirst()) x\nb: [\(list)]\n").contains("more than 32 aliases"))
    #expect(yaml("a: &\(alias.dropFirst()) x\nb: '\(list)'\n").isEmpty, "a text in quotes has no aliases")
  }

  @Test(arguments: ["{", "[", "? ", "- ", "{? ", "[? ", "{[", "? - ", "a: {"])
  func nestingOfEveryKindIsBounded(opening: String) {
    #expect(!yaml(String(repeating: opening, count: 200_000)).isEmpty)
    #expect(!yaml("a:\n  " + String(repeating: opening, count: 900)).isEmpty)
  }

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":", "[[[]], "])
  func nestingOfJSONIsBounded(opening: String) {
    let parse = SourceValue.parse(String(repeating: opening, count: 100_000), format: .json)
    #expect(parse.value == nil && parse.issues.count == 1)
  }
}
