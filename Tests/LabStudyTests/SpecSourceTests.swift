import Foundation
import LabCore
import LabStudy
import Testing

@Suite struct SpecSourceTests {
  private func withFile<T>(_ data: Data, _ body: (String) throws -> T) throws -> T {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("spec-\(UUID().uuidString).json")
    try data.write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url.path)
  }

  @Test func filesAreReadAsTheyAre() throws {
    let text = "{ // é\r\n}"
    let source = try withFile(Data(text.utf8)) { try SpecSource(contentsOf: $0) }
    #expect(source.text == text)
    #expect(source.format == .json)
    #expect(source.hash == ContentHash(of: text))
  }

  @Test func unreadableFilesSayWhy() throws {
    func reason(_ data: Data) throws -> String? {
      try withFile(data) { path in
        let error = #expect(throws: SpecError.self) { try SpecSource(contentsOf: path) }
        guard case .unreadable(path, let reason)? = error else { return nil }
        return reason
      }
    }
    #expect(
      try reason(Data([0x7b, 0x0a, 0x22, 0xff, 0x22, 0x0a, 0x7d])) == "line 2 is not UTF-8; save the file as UTF-8")
    #expect(try reason(Data([0xff, 0xfe, 0x7b, 0x00])) == "it is encoded as UTF-16; save it as UTF-8")
    let large = Data(repeating: 0x20, count: SourceValue.Limits.bytes + 1)
    #expect(try reason(large) == "it has 1048577 bytes; a spec may have at most 1048576")
    #expect(throws: SpecError.self) { try SpecSource(contentsOf: "/nowhere/spec.json") }
  }

  @Test func formatsFollowFromTheExtension() {
    #expect(SpecSource(path: "a/b.YML", text: "").format == .yaml)
    #expect(SpecSource(path: "b.jsonc", text: "").format == .json)
    #expect(SpecSource(path: "b", text: "").format == .json)
    #expect(SpecSource(path: "b", text: "", format: .yaml).format == .yaml)
  }

  @Test func theStoredTextGivesTheSamePlanAgain() throws {
    let source = SpecText([("design", #""pairs""#), ("training", #"{"epochs": 3} // three"#)]).source
    let first = TestSchema.study.check(source)
    let again = TestSchema.study.check(SpecSource(path: "stored", text: source.text, format: source.format))
    #expect(try again.validPlan().cells == first.validPlan().cells)
    #expect(again.source.hash == first.source.hash)
    #expect(again.spec?.meaningHash == first.spec?.meaningHash && again.spec != nil)
  }

  @Test func theMeaningIgnoresHowItIsWritten() throws {
    func meaning(_ changes: [(String, String?)]) throws -> ContentHash {
      try #require(checkSpec(changes).spec).meaningHash
    }
    let meaning0 = try meaning([])
    #expect(
      try meaning([("description", #""x""#), ("execution", #"{"workers": 2}"#), ("$schema", #""s""#)]) == meaning0)
    #expect(try meaning([("seeds", "[0,   1] /* two */")]) == meaning0)
    #expect(try meaning([("seeds", "[1, 0]")]) != meaning0)
    #expect(try meaning([("training", #"{"epochs": 3}"#)]) != meaning0)
    #expect(try meaning([("name", #""other""#)]) != meaning0)
  }

  @Test func jsonAndYAMLMeanTheSame() throws {
    let yaml = """
      name: study
      dataset: {name: fashion-mnist}
      factors:
        conv: [static, odconv-1x, odconv-4x]
        downsample: [strided, spd]
      baseline: {conv: static, downsample: strided}
      seeds: [0, 1]
      """
    let check = TestSchema.study.check(SpecSource(path: "a.yaml", text: yaml))
    #expect(check.issues == [])
    #expect(try check.plan?.cells == makePlan().cells)
    #expect(check.spec?.meaningHash == checkSpec().spec?.meaningHash)
  }

  @Test func yamlIssuesHavePlacesToo() {
    let check = TestSchema.study.check(
      SpecSource(path: "a.yaml", text: "dataset:\n  name: hdf5\ntraining:\n  learning_rate: fast\n  epohcs: 3\n"))
    #expect(
      check.issues.map(\.description).map { String($0.prefix(60)) } == [
        "a.yaml:4:18: training.learning_rate: expected a number above",
        "a.yaml:5:3: training.epohcs: unknown key \"epohcs\"; expected ",
      ])
  }

  @Test func specsHaveWhatTheirTextSays() throws {
    let spec = try #require(
      checkSpec([("description", #""Why?""#), ("execution", #"{"workers": 3}"#), ("training", #"{"epochs": 3}"#)]).spec)
    #expect(spec.name == "study")
    #expect(spec.summary == "Why?")
    #expect(spec.factors.map(\.name) == ["conv", "downsample"])
    #expect(spec.factors[0].levels[2].settings == ["model.conv": "odconv-4x"])
    #expect(spec.baseline == ["conv": "static", "downsample": "strided"])
    #expect(spec.design == "factorial")
    #expect(spec.seeds == [0, 1])
    #expect(spec.configuration["training"]?["epochs"] == 3)
    #expect(spec.execution == ["workers": 3, "checkpoint_every_seconds": 60.0])
  }

  @Test func namesComeFromTheFileWhereTheSpecHasNone() throws {
    func name(_ path: String) throws -> String {
      let text = SpecText([("name", nil)]).json
      return try #require(TestSchema.study.check(SpecSource(path: path, text: text, format: .json)).spec).name
    }
    #expect(try name("Experiments/my study (2).json") == "my-study--2-")
    #expect(try name("_x.json") == "x")
    #expect(try name("/") == "study")
  }

  // MARK: Reports

  @Test func reportsShowTheLine() {
    let text = "{\n\t\"dataset\": {\"name\": \"hdf5\"},\n\t\"seeds\": [0, 0]\n}"
    let check = TestSchema.study.check(SpecSource(path: "a.json", text: text))
    #expect(
      check.report() == "a.json:3:15: seeds[1]: the seed 0 is listed twice\n\t\"seeds\": [0, 0]\n\t             ^")
    let error = #expect(throws: SpecError.self) { try check.validPlan() }
    #expect(error?.description == "a.json:3:15: seeds[1]: the seed 0 is listed twice")
  }

  @Test func warningsAreMarked() {
    let issue = SpecIssue(.warning, file: "a.json", at: SourceLocation(line: 2, column: 3), keyPath: "x", message: "m")
    #expect(issue.description == "a.json:2:3: warning: x: m")
    #expect(SpecIssue(message: "m", suggestion: "s", hint: "Do.").description == "m (did you mean \"s\"?). Do.")
    #expect([issue, SpecIssue(message: "m")].errors.count == 1)
    #expect([issue, SpecIssue(message: "m")].warnings == [issue])
    #expect(issue.excerpt(of: "one line") == nil)
  }
}
