import Foundation
import LabCore
import LabStudy
import Testing

/// Help texts as real parsers print them; `Fixtures/help/make_help.py` has written them.
@Suite struct ProgramHelpTests {
  private func help(_ name: String) throws -> ProgramHelp {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/help")
    return ProgramHelp(text: try String(contentsOf: folder.appendingPathComponent("\(name).txt"), encoding: .utf8))
  }

  private func option(_ flag: String, in help: ProgramHelp) throws -> ProgramOption {
    try #require(help.options.first { $0.flag == flag }, "\(flag) of \(help.options.map(\.flag))")
  }

  @Test func argparseIsRead() throws {
    let help = try help("with_argparse")
    #expect(
      help.options.map(\.flag) == [
        "data", "--model", "--epochs", "--lr", "--amp", "--no-aug", "--ema", "--widths", "--resume", "--classes", "-v",
        "--tag", "--random-seed", "--output_dir",
      ])
    #expect(
      try option("--model", in: help)
        == ProgramOption("--model", default: "resnet", choices: ["resnet", "vit"], help: "which network"))
    #expect(try option("--epochs", in: help).defaultValue == 20)
    #expect(try option("--epochs", in: help).help.hasSuffix("and not one less"))
    #expect(try option("--lr", in: help) == ProgramOption("--lr"))
    #expect(
      try option("--amp", in: help)
        == ProgramOption("--amp", .toggle(opposite: nil), default: false, help: "mixed precision"))
    #expect(try option("--no-aug", in: help).defaultValue == false)
    #expect(
      try option("--ema", in: help)
        == ProgramOption("--ema", .toggle(opposite: "no-ema"), default: true, help: "average"))
    #expect(try option("--widths", in: help) == ProgramOption("--widths", .values, default: [1, 2], help: "widths"))
    #expect(try option("--resume", in: help).defaultValue == nil)
    #expect(try option("--classes", in: help).isRequired)
    #expect(help.options.filter(\.isRequired).map(\.flag) == ["data", "--classes"])
    #expect(try option("-v", in: help).kind == .other("its number counts how often it is given"))
    #expect(
      try option("data", in: help) == ProgramOption("data", .positional, isRequired: true, help: "folder of the images")
    )
  }

  @Test(arguments: ["with_click", "with_typer"]) func clickAndTyperAreRead(_ name: String) throws {
    let help = try help(name)
    #expect(try option("--model", in: help).choices == ["resnet", "vit"])
    #expect(try option("--model", in: help).defaultValue == "resnet")
    let epochs = try option("--epochs", in: help)
    #expect(epochs.defaultValue == 20 && epochs.kind == .value && epochs.help.hasPrefix("Number of epochs"))
    #expect(try option("--lr", in: help).defaultValue == (name == "with_typer" ? 0.1 : nil))
    #expect(
      try option("--amp", in: help) == ProgramOption("--amp", .toggle(opposite: "no-amp"), default: false))
    #expect(try option("--classes", in: help).isRequired)
    #expect(try option("--seed", in: help).defaultValue == 0)
    #expect(try option("data", in: help).kind == .positional)
    #expect(!help.options.contains { $0.flag == "--help" })
    if name == "with_click" {
      #expect(try option("--drop", in: help).defaultValue == 0.5)
      #expect(
        try option("--fast", in: help) == ProgramOption("--fast", .toggle(opposite: nil), default: false, help: "Fast"))
      #expect(epochs.help == "Number of epochs, which is so long a sentence that click goes on in the next line")
    }
  }

  /// What older versions of typer print.
  @Test func framesWithWordsInCapitalsAreRead() throws {
    let help = ProgramHelp(
      text: """
         Usage: train.py [OPTIONS] DATA

        ╭─ Arguments ──────────────────────────────────────────────────────────────────╮
        │ *    data      TEXT  [default: None] [required]                              │
        ╰──────────────────────────────────────────────────────────────────────────────╯
        ╭─ Options ────────────────────────────────────────────────────────────────────╮
        │ *  --classes          INTEGER           How many [default: None] [required]  │
        │    --model            [resnet|vit]      [default: resnet]                    │
        │    --lr               FLOAT RANGE       Rate [default: 1]                    │
        │    --amp      --no-amp                  [default: amp]                       │
        │    --help                               Show this message and exit.          │
        ╰──────────────────────────────────────────────────────────────────────────────╯
        """)
    #expect(help.options.map(\.flag) == ["data", "--classes", "--model", "--lr", "--amp"])
    #expect(try option("--classes", in: help) == ProgramOption("--classes", isRequired: true, help: "How many"))
    #expect(try option("--model", in: help).choices == ["resnet", "vit"])
    #expect(try option("--lr", in: help).defaultValue == .number(1))
    #expect(try option("--amp", in: help) == ProgramOption("--amp", .toggle(opposite: "no-amp"), default: true))
  }

  @Test func abslIsRead() throws {
    let help = try help("with_absl")
    #expect(try option("--epochs", in: help) == ProgramOption("--epochs", default: 20, help: "Number of epochs."))
    #expect(try option("--lr", in: help).defaultValue == 0.1)
    #expect(
      try option("--model", in: help)
        == ProgramOption("--model", default: "resnet", choices: ["resnet", "vit"], help: "Which network."))
    #expect(try option("--amp", in: help).kind == .toggle(opposite: "noamp"))
    #expect(try option("--aug", in: help).defaultValue == true)
    #expect(try option("--layers", in: help).defaultValue == "a,b")
    #expect(try option("--tag", in: help).defaultValue == nil)
  }

  @Test func docoptIsRead() throws {
    let help = try help("with_docopt")
    #expect(help.options.map(\.flag) == ["--epochs", "--lr", "--amp", "data"])
    #expect(try option("--epochs", in: help).defaultValue == 20 && option("--lr", in: help).defaultValue == 0.1)
    #expect(try option("data", in: help).isRequired)
  }

  @Test func hydraIsRead() throws {
    let help = try help("with_hydra")
    #expect(
      help.configuration?.json == [
        "model": ["name": "resnet", "width": 16], "lr": 0.1, "epochs": 20, "seed": 42, "data": "???",
        "name": "${model.name}-${lr}", "tag": .null, "layers": [1, 2],
      ])
    #expect(help.groups == [.init(name: "model", choices: ["resnet", "vit"])])
  }

  @Test func optionsWrittenByHandAreRead() throws {
    let help = ProgramHelp(
      text: """
        train: trains a network
          -epochs int
            \tnumber of epochs (default 20)
          --rate=N            learning rate, defaults to 0.5
          --model <cnn|mlp>   which (default: "cnn")
          --steps N           steps (default: 1e-3)
        -q, --quiet           say nothing
        """)
    #expect(help.options.map(\.flag) == ["-epochs", "--rate", "--model", "--steps", "--quiet"])
    #expect(help.options.map(\.defaultValue) == [20, 0.5, "cnn", 0.001, false])
    #expect(help.options[2].choices == ["cnn", "mlp"])
  }

  @Test(arguments: [
    "", "Traceback (most recent call last):\n  File \"x.py\"\nImportError: no torch", "loss 0.3\nloss 0.2",
  ])
  func whatIsNoHelpTellsNothing(_ text: String) { #expect(ProgramHelp(text: text).isEmpty) }

  /// Whatever a program prints, reading it ends.
  @Test func damagedTextsAreRead() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/help")
    for name in ["with_argparse", "with_typer", "with_absl", "with_hydra", "with_docopt"] {
      let text = try String(contentsOf: folder.appendingPathComponent("\(name).txt"), encoding: .utf8)
      for cut in stride(from: 0, to: text.count, by: 37) {
        let help = ProgramHelp(text: String(text.prefix(cut)) + "[{(<--" + String(text.dropFirst(cut + 11)))
        // Each comes to a spec that can be read.
        let draft = ProgramDraft(.init(command: ["train"], help: help))
        let text = draft.text(name: "a", file: "a.json", format: .json)
        #expect(SpecSource(path: "a.json", text: text).parse().value != nil, "\(text)")
      }
    }
  }

  @Test func whatAParserTellsIsRead() throws {
    func action(_ rest: String) -> String {
      #"{"dest": "x", "type": null, "unreadable": null, "choices": [], "required": false, "several": false, "help": "", \#(rest)}"#
    }
    let text =
      #"{"client": false, "commands": [], "actions": ["#
      + [
        action(#""flags": ["-e", "--epochs"], "kind": "store", "value": 20"#),
        action(#""flags": ["--lr"], "kind": "store", "value": 1"#).replacing(
          #""type": null"#, with: #""type": "float""#),
        action(#""flags": ["--amp"], "kind": "store_true", "value": false"#),
        action(#""flags": ["--no-aug"], "kind": "store_false", "value": true"#),
        action(#""flags": ["--ema", "--no-ema"], "kind": "optional", "value": true"#),
        action(#""flags": ["--debug"], "kind": "store", "value": true"#),
        action(#""flags": ["--range"], "kind": "store", "value": [1, 2]"#),
        action(#""flags": ["--path"], "kind": "store", "value": null"#)
          .replacing(#""unreadable": null"#, with: #""unreadable": "<object>""#),
        action(#""flags": [], "kind": "store", "value": null"#),
      ].joined(separator: ",") + "]}"
    let help = try ProgramHelp(parser: text)
    #expect(
      help.options == [
        ProgramOption("--epochs", default: 20), ProgramOption("--lr", default: .number(1)),
        ProgramOption("--amp", .toggle(opposite: nil), default: false),
        ProgramOption("--no-aug", .toggle(opposite: nil), default: false),
        ProgramOption("--ema", .toggle(opposite: "no-ema"), default: true), ProgramOption("--debug", default: "True"),
        ProgramOption("--range", .other("its default [1,2] has a form that only the program knows")),
        ProgramOption("--path", .other("its default <object> is no plain value")), ProgramOption("x", .positional),
      ])
    #expect(throws: DecodingError.self) { try ProgramHelp(parser: "{}") }
  }
}
