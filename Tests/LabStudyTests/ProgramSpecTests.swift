import LabCore
import LabRecords
import LabStudy
import Testing

/// Specs of somebody's program: parameters with the types of their defaults, and a command with placeholders.
@Suite struct ProgramSpecTests {
  private let schema = StudySchema(sections: [("model", ConfigurationSchema([]))])

  private func check(_ text: String) -> SpecCheck { schema.check(SpecSource(path: "study.json", text: text)) }

  private func spec(
    command: String = #"["python3", "train.py", "{args}"]"#, program: String = "",
    parameters: String = #""lr": 0.1, "seed": 0"#,
    factors: String = #""conv": ["static", "odconv"]"#, baseline: String = #""conv": "static""#
  ) -> String {
    """
    { "name": "mine", "program": { "command": \(command)\(program) },
      "parameters": { \(parameters) }, "factors": { \(factors) }, "baseline": { \(baseline) }, "seeds": [0, 1] }
    """
  }

  @Test func parametersAndFactorsMakeConfigurations() throws {
    let plan = try check(
      spec(
        program: #", "sources": ["train.py"], "metrics": { "bleu": { "better": "higher" } }, "timeout_minutes": 5"#,
        parameters: #""lr": 0.1, "model": { "width": 16 }, "amp": false"#,
        factors: #""conv": ["static", "odconv"], "width": [16, 32], "lr": [0.1, 1]"#,
        baseline: #""conv": "static", "width": 16, "lr": 0.1"#)
    ).validPlan()
    #expect(plan.variants.count == 8)
    let last = try #require(plan.variants.last)
    #expect(
      last.configuration["parameters"] == ["lr": 1, "model": ["width": 32], "amp": false, "conv": "odconv"]
        || last.configuration["parameters"] == ["lr": 1.0, "model": ["width": 32], "amp": false, "conv": "odconv"])
    let program = try #require(ProgramSpec(last.configuration))
    #expect(program.command == ["python3", "train.py", "{args}"] && program.timeoutMinutes == 5)
    #expect(program.metrics["bleu"]?.better == .higherIsBetter)
    // What changes no result is no part of the identity.
    #expect(last.identityConfiguration["program"] == ["command": ["python3", "train.py", "{args}"]])
  }

  @Test(arguments: [
    (#"["python3", "{lrr}"]"#, "", "unknown placeholder {lrr}; expected one of the placeholders {args}, "),
    (#"["python3", "--x={args}"]"#, "", "{args} stands for several words, so that it is a word by itself"),
    ("[]", "", "expected a program and its arguments"),
    ("\"python3 train.py\"", "", "found the string \"python3 train.py\""),
    (#"["p"]"#, #", "metrics": { "Test-Acc": { "better": "higher" } }"#, "expected a metric's name of small letters"),
    (#"["p"]"#, #", "metrics": { "acc": { "better": "more" } }"#, "found the string \"more\""),
    (#"["p"]"#, #", "pattern": "acc""#, "expected text with a metric's name in braces"),
    (#"["p"]"#, #", "timout_minutes": 3"#, "unknown key \"timout_minutes\""),
  ])
  func mistakesAreNamed(command: String, program: String, message: String) {
    let found = check(spec(command: command, program: program))
    #expect(found.plan == nil)
    #expect(found.report().contains(message), "\(found.report())")
  }

  @Test func typesFollowFromDefaults() {
    func report(_ factors: String, _ baseline: String) -> String {
      let found = check(
        spec(parameters: #""epochs": 3, "name": "x", "amp": true"#, factors: factors, baseline: baseline))
      return found.report()
    }
    #expect(report(#""epochs": [3, 1.5]"#, #""epochs": 3"#).contains("1.5"))
    #expect(report(#""name": ["x", 3]"#, #""name": "x""#).contains("expected a string"))
    #expect(report(#""amp": [true, "yes"]"#, #""amp": true"#).contains("expected true or false"))
    #expect(report(#""epochs": [3, 5]"#, #""epochs": 3"#).isEmpty)
  }

  @Test func placeholdersAreReplaced() {
    let parameters: JSONValue = [
      "lr": 0.1, "amp": true, "fast": false, "model": ["conv": "odconv", "widths": [1, 2]], "seed": 0, "none": .null,
    ]
    let own = ProgramCommand.parameters(parameters, seed: 7)
    let surroundings = ProgramCommand.Surroundings(
      seed: 7, folder: "/run", checkpoint: "/run/checkpoint", json: "/p.json")
    func words(_ words: String...) -> [String] { ProgramCommand(words).resolved(parameters: own, surroundings) }
    #expect(
      words("train.py", "{args}") == [
        "train.py", "--amp", "--lr", "0.1", "--model.conv", "odconv", "--model.widths", "1", "2", "--seed", "7",
      ])
    #expect(
      words("{hydra}") == [
        "amp=true", "fast=false", "lr=0.1", "model.conv=odconv", "model.widths=[1,2]", "none=null", "seed=7",
      ])
    #expect(words("--config={json}", "{lr}x{seed}", "{model.conv}") == ["--config=/p.json", "0.1x7", "odconv"])
    // What has a place of its own is not said twice.
    #expect(
      words("t", "{lr}", "--seed={seed}", "{args}") == [
        "t", "0.1", "--seed=7", "--amp", "--model.conv", "odconv", "--model.widths", "1", "2",
      ])
    #expect(words("{lr}", "{model.conv}", "{hydra}").count == 2 + 5)
    #expect(words("{folder}/a", "{checkpoint}") == ["/run/a", "/run/checkpoint"])
    // Other braces are text.
    #expect(words("{}", "{ }", "a{", "{\"a\": 1}", "}{") == ["{}", "{ }", "a{", "{\"a\": 1}", "}{"])
    #expect(ProgramCommand.parameters(["lr": 1], seed: 7) == ["lr": 1])
  }

  /// The analysis may be about a metric that only the program knows.
  @Test func analysesKnowThePrograms() throws {
    func text(_ metric: String) -> String {
      spec(program: #", "metrics": { "bleu": { "better": "higher" }, "size": { "better": "neutral" } }"#)
        .replacing(
          "\"seeds\"", with: "\"analysis\": { \"metric\": \"\(metric)\", \"smallest_effect\": 0.5 }, \"seeds\"")
    }
    #expect(try check(text("bleu")).validPlan().analysis?.metric == "bleu")
    #expect(check(text("size")).plan == nil)
  }
}
