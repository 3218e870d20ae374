import Foundation
import LabCore
import LabStudy
import Testing

/// Specs that are made of what programs tell.
@Suite struct ProgramDraftTests {
  private static let schema = StudySchema(sections: [("model", ConfigurationSchema([]))])

  private func help(_ name: String) throws -> ProgramHelp {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/help")
    return ProgramHelp(text: try String(contentsOf: folder.appendingPathComponent("\(name).txt"), encoding: .utf8))
  }

  private func spec(_ draft: ProgramDraft, _ format: SourceFormat = .json) throws -> JSONValue {
    let text = draft.text(name: "mine", file: "mine.json", format: format)
    return try #require(SpecSource(path: "mine.\(format.rawValue)", text: text).parse().value?.json, "\(text)")
  }

  private func check(_ draft: ProgramDraft, _ format: SourceFormat = .json) -> SpecCheck {
    Self.schema.check(
      SpecSource(path: "mine.\(format.rawValue)", text: draft.text(name: "mine", file: "mine.json", format: format)))
  }

  @Test func optionsBecomeASpec() throws {
    let draft = ProgramDraft(
      .init(
        command: ["python3", "train.py"], help: try help("with_argparse"), sources: ["train.py"],
        patterns: ["acc: {test_accuracy}, loss: {test_loss}"], isPercent: true))
    let spec = try spec(draft)
    #expect(
      spec["program"] == [
        "command": [
          "python3", "train.py", "--random-seed", "{seed}", "--output_dir", "{folder}", "{data}", "{args}",
        ],
        "sources": ["train.py"], "pattern": "acc: {test_accuracy}, loss: {test_loss}",
        "metrics": [
          "test_accuracy": ["better": "higher", "unit": "%"], "test_loss": ["better": "lower", "unit": "%"],
        ],
      ])
    #expect(
      spec["parameters"] == [
        "data": "???", "model": "resnet", "epochs": 20, "amp": false, "no-aug": false, "no-ema": false,
        "widths": [1, 2],
        "classes": "???",
      ])
    #expect(spec["factors"] == ["model": ["resnet", "vit"]] && spec["baseline"] == ["model": "resnet"])
    #expect(draft.leftOut.map(\.name) == ["--lr", "--resume", "-v", "--tag"])
    #expect(draft.unfilled == ["parameters.data", "parameters.classes"])
    // YAML says the same.
    var (yaml, json) = (try self.spec(draft, .yaml), spec)
    (yaml["$schema"], json["$schema"]) = (nil, nil)
    #expect(yaml == json)
  }

  /// Each placeholder is one error, and nothing else is wrong.
  @Test func placeholdersAreErrors() throws {
    let draft = ProgramDraft(.init(command: ["python3", "train.py"], help: try help("with_argparse")))
    for format in SourceFormat.allCases {
      let found = check(draft, format)
      #expect(found.plan == nil && found.issues.count == 2, "\(found.report())")
      #expect(
        found.issues.map(\.keyPath.description).sorted() == ["parameters.classes", "parameters.data"]
          && found.report().contains("parameters.data: has no value yet; expected one in the place of \"???\""),
        "\(found.report())")
    }
  }

  @Test(arguments: ["with_click", "with_typer", "with_absl", "with_docopt", "with_hydra"])
  func whatIsFilledInIsValid(_ name: String) throws {
    let draft = ProgramDraft(.init(command: ["train"], help: try help(name)))
    for format in SourceFormat.allCases {
      let text = draft.text(name: "mine", file: "mine.json", format: format).replacing("\"???\"", with: "\"x\"")
      let found = Self.schema.check(SpecSource(path: "mine.\(format.rawValue)", text: text))
      let plan = try #require(found.plan, "\(found.report())\n\(text)")
      #expect(plan.variants.count == (["with_docopt", "with_hydra"].contains(name) ? 1 : 2))
    }
  }

  @Test func hydraGetsItsOverrides() throws {
    let draft = ProgramDraft(.init(command: ["python3", "train.py", "epochs=3"], help: try help("with_hydra")))
    let spec = try spec(draft)
    #expect(
      spec["program"]?["command"] == [
        "python3", "train.py", "epochs=3", "seed={seed}", "hydra.run.dir={folder}", "{hydra}",
      ])
    #expect(
      spec["parameters"] == ["model": ["name": "resnet", "width": 16], "lr": 0.1, "data": "???", "layers": [1, 2]])
    #expect(draft.leftOut.map(\.name) == ["epochs", "name", "tag", "model"])
    #expect(draft.leftOut.last?.reason == "a group of resnet, vit: a factor of it takes the place of its parameters")
  }

  @Test func theFirstFactorIsWhatIsTrained() throws {
    let help = ProgramHelp(options: [
      ProgramOption("--device", default: "cpu", choices: ["cpu", "cuda"]),
      ProgramOption("--optimizer", default: "adam", choices: ["sgd", "adam"]),
      ProgramOption("--loss", choices: ["ce", "focal"]),
      ProgramOption("--arch", default: "vit", choices: ["cnn", "vit"]),
      ProgramOption("--mode", choices: ["a", "b"], isRequired: true),
    ])
    let draft = ProgramDraft(.init(command: ["train"], help: help))
    #expect(draft.factor?.name == "arch" && draft.factor?.levels == ["vit", "cnn"])
    #expect(draft.proposedFactors == ["optimizer", "loss", "mode"])
    #expect(try spec(draft)["parameters"] == ["device": "cpu", "optimizer": "adam", "arch": "vit", "mode": "???"])
    #expect(draft.leftOut.map(\.name) == ["--loss"])
    // Where nothing has a default, the first choice is the baseline.
    let lone = ProgramDraft(.init(command: ["train"], help: ProgramHelp(options: [help.options[2]])))
    #expect(try spec(lone)["baseline"] == ["loss": "ce"] && check(lone).plan?.variants.count == 2)
  }

  @Test func whatTheCommandHasStays() throws {
    let help = ProgramHelp(options: [
      ProgramOption("--lr", default: 0.1), ProgramOption("--epochs", default: 2), ProgramOption("-w", default: 1),
      ProgramOption("--out", default: "runs/model.pt"), ProgramOption("--model.width", default: 4),
      ProgramOption("--model", default: "cnn"),
    ])
    let draft = ProgramDraft(.init(command: ["train", "--lr=1"], help: help))
    #expect(
      try spec(draft)["program"]?["command"] == [
        "train", "--lr=1", "--out", "{folder}/model.pt", "-w", "{w}", "{args}",
      ])
    #expect(try spec(draft)["parameters"] == ["epochs": 2, "w": 1, "model": ["width": 4]])
    #expect(
      draft.leftOut.map { "\($0.name): \($0.reason)" } == [
        "--lr: is in the command", "--model: another parameter has its name",
      ])
    // Somebody who writes placeholders has decided.
    let own = ProgramDraft(.init(command: ["train", "{args}", "-x"], help: help))
    #expect(try spec(own)["program"]?["command"] == ["train", "{args}", "-x"])
  }

  @Test func aProgramWithoutOptionsHasASpec() throws {
    let draft = ProgramDraft(.init(command: ["./train"], help: ProgramHelp()))
    #expect(try check(draft).validPlan().variants.count == 1)
    #expect(draft.text(name: "a", file: "a.json", format: .json).contains("it has to read LABRUN_SEED"))
  }

  @Test func numbersKeepTheirKind() throws {
    let draft = ProgramDraft(
      .init(
        command: ["t"],
        help: ProgramHelp(options: [ProgramOption("--lr", default: .number(1)), ProgramOption("--n", default: 1)])))
    let text = draft.text(name: "a", file: "a.json", format: .json)
    #expect(text.contains("\"lr\": 1.0") && text.contains("\"n\": 1\n"), "\(text)")
  }

  @Test(arguments: [
    ("python3 train.py --name 'a b' \"c d\" e\\ f", ["python3", "train.py", "--name", "a b", "c d", "e f"]),
    (#"x "a \"b\" \n" ''"#, ["x", #"a "b" \n"#, ""]), ("  sh  -c 'a | b' {args} ", ["sh", "-c", "a | b", "{args}"]),
  ])
  func commandsAreSplitAsByAShell(_ text: String, words: [String]) throws {
    #expect(try ProgramCommand(shell: text).words == words)
  }

  @Test(arguments: ["", "  ", "a 'b", "a | b", "a > b", "a $HOME", "a \"$HOME\"", "a; b", "a\\"])
  func whatOnlyAShellUnderstandsIsRefused(_ text: String) {
    #expect(throws: ProgramCommand.Problem.self) { try ProgramCommand(shell: text) }
  }
}
