import Foundation
import LabCore
import Testing

/// What the program prints cannot steer a terminal, whatever names come from data, specs, files and arguments.
@Suite struct PrintingTests {
  /// Names with control characters of every kind: a colour, a window's title, C1, turned writing, line ends.
  private static let names = [
    "\u{1b}[35mRED\u{1b}]0;owned\u{7}", "line\nbreak\r\u{9b}2J", "\u{202e}desrever\u{2066}\u{200f}\u{7f}\u{8}",
  ]

  /// A folder with images of the hostile classes, and a spec with hostile levels.
  private static func prepare() throws -> Labrun {
    let labrun = try Labrun()
    for (index, name) in names.enumerated() {
      for split in ["train", "test"] {
        let folder = labrun.folder.appendingPathComponent("data/\(split)/\(name)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for number in 0..<4 {
          // The same pictures in both parts, so that duplicates are listed by name.
          let pixels = Data((0..<192).map { UInt8(truncatingIfNeeded: 70 * index + 20 * number + $0) })
          try (Data("P6 8 8 255\n".utf8) + pixels).write(to: folder.appendingPathComponent("\(number)\(name).ppm"))
        }
      }
    }
    // A label of several lines is refused, which has a test of its own.
    let levels = names.enumerated().map { index, name in
      (
        name.replacing("\n", with: "").replacing("\r", with: ""),
        ["training.learning_rate": .number(0.1 / Double(index + 1))] as JSONValue
      )
    }
    let spec: JSONValue = [
      "name": "hostile", "dataset": ["name": "image-folder", "path": "data"],
      "model": ["architecture": "plain", "depth": 4, "width": 4], "training": ["epochs": 1, "batch_size": 4],
      "factors": ["rate": .object(Dictionary(uniqueKeysWithValues: levels))], "baseline": ["rate": .string(names[2])],
      "seeds": [0, 1],
    ]
    try labrun.write(spec.canonicalText, to: "Experiments/hostile.json")
    return labrun
  }

  /// What a text has that a terminal would obey, beside line ends, tabs and, on a terminal, labrun's own colours and
  /// ways to draw progress again.
  private func steering(_ text: String, onTerminal: Bool = false) -> String? {
    let own = /\u{1b}\[(0|1|1;32|32|31|33|1;31|2)m|\u{1b}\[[0-9]+F\u{1b}\[J/
    let rest = onTerminal ? text.replacing(own, with: "") : text
    let shown = rest.printableLines
    return shown == rest ? nil : String(shown.prefix(2000))
  }

  @Test func namesOfDataAndSpecsSteerNoTerminal() throws {
    let labrun = try Self.prepare()
    defer { labrun.remove() }
    let picture = "data/test/\(Self.names[0])"
    let sweep = try labrun.run("sweep", "hostile")
    #expect(sweep.status == 0, "\(sweep.errors)")
    #expect(steering(sweep.output + sweep.errors) == nil)
    #expect(sweep.output.contains(#"\u{1B}[35mRED\u{1B}]0;owned\u{7}"#))
    let run = try #require(
      FileManager.default.contentsOfDirectory(atPath: labrun.folder.appendingPathComponent("Results/runs").path).first)
    let commands = [
      ["data", "inspect", "data", "--svg", "picture.svg"], ["data", "inspect", "data", "--json"],
      ["data", "prepare", "data", "packed-\(Self.names[2])", "--dry-run"],
      ["data", "prepare", "data", "packed-\(Self.names[2])"],
      ["sweep", "hostile", "--dry-run"], ["sweep", "hostile", "--dry-run", "--json"], ["sweep", "hostile", "--json"],
      ["table"], ["table", "--by", "rate"], ["table", "--format", "markdown"], ["table", "--format", "latex"],
      ["table", "--format", "html"], ["table", "--json"], ["list"], ["list", "hostile"], ["list", "hostile", "--json"],
      ["show", run], ["show", run, "--epochs"], ["show", run, "--json"],
      ["describe", "hostile", "--variant", Self.names[0]], ["evaluate", run], ["evaluate", run, "--json"],
      ["predict", run, picture], ["predict", run, picture, "--format", "html"], ["predict", run, picture, "--json"],
      ["predict", run, picture, "--summary"], ["explain", run, picture, "--out", "overlays"],
      ["explain", run, picture, "--out", "overlays", "--force", "--json"], ["explain", run, "--layer", "list"],
      ["watch", "hostile", "--once"], ["watch", "hostile"], ["doctor", "--check"], ["doctor", "--check", "--json"],
    ]
    for command in commands {
      let result = try labrun.run(command)
      #expect(result.status == 0, "\(command): \(result.errors)")
      #expect(steering(result.output + result.errors) == nil, "\(command)")
    }
    let svg = try String(contentsOf: labrun.folder.appendingPathComponent("picture.svg"), encoding: .utf8)
    #expect(steering(svg) == nil && svg.contains("35mRED"))
    // A program that reads CSV gets the names as they are; a terminal does not.
    let csv = ["predict", run, picture, "--format", "csv"]
    #expect(try labrun.run(csv).output.contains(Self.names[0]))
    for command in [
      csv, ["sweep", "hostile", "--fresh"], ["table"], ["table", "--format", "csv"], ["table", "--json"],
      ["show", run],
      ["data", "inspect", "data"], ["data", "inspect", "data", "--json"], ["predict", run, picture], ["evaluate", run],
      ["list", "hostile"], ["sweep", "hostile", "--dry-run"],
    ] {
      let result = try labrun.runOnTerminal(command)
      #expect(result.status == 0, "\(command): \(result.output)")
      #expect(steering(result.output, onTerminal: true) == nil, "\(command)")
      #expect(result.output.contains("35mRED") || command[0] == "show", "\(command)")
    }
  }

  @Test func wrongArgumentsSteerNoTerminal() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(), to: "Experiments/tiny.json")
    for name in Self.names {
      let value = "\(name)=\(name)"
      for command in [
        [name], ["--\(name)"], ["sweep", name], ["sweep", "tiny", "--only", value],
        ["sweep", "tiny", "--workers", name],
        ["sweep", "tiny", "--workers=\(name)"], ["table", name], ["table", "--format", name],
        ["table", "--results", name],
        ["show", name], ["list", name], ["watch", name, "--once"], ["serve", "--port", name], ["describe", name],
        ["describe", "resnet", "--conv", name],
        ["describe", "resnet", "--set", value], ["describe", "tiny", "--variant", name], ["bench", name],
        ["bench", "--conv", name], ["predict", name, name], ["explain", name, name, "--out", name],
        ["evaluate", name], ["evaluate", name, "--split", name],
        ["data", "inspect", name], ["data", "inspect", "gtsrb", "--path", name],
        ["data", "inspect", "synthetic-signs", "--set", value], ["data", "prepare", name, name],
        ["data", "prepare", "synthetic-signs", "x", "--split", name], ["data", "speed", name],
        ["data", "speed", "synthetic-signs", "--set", "train_count=86", "--set", "test_count=43", "--augment", value],
        ["init", name], ["init", "--path", "\(name)/\(name)"],
      ] {
        let result = try labrun.run(command)
        #expect(result.status != 0, "\(command)")
        #expect(!result.errors.isEmpty)
        #expect(steering(result.output + result.errors) == nil, "\(command)")
      }
      let doctor = try labrun.run(
        "doctor", "--results", name, variables: ["LABRUN_CACHE": name, "LABRUN_LOG": "debug"])
      #expect(steering(doctor.output + doctor.errors) == nil)
    }
    // The last line says what was wrong with the argument, and is one line.
    let quoted = try labrun.run("sweep", "tiny", "--workers", "1\nError: fake")
    #expect(quoted.errors.contains(#"1\nError: fake"#), "\(quoted.errors)")
    let log = try labrun.run("sweep", "tiny", "--dry-run", variables: ["LABRUN_LOG": "debug"])
    #expect(log.errors.contains(" debug labrun: spec checked after "), "\(log.errors)")
  }

  @Test func mistakesInSpecsSteerNoTerminal() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    for name in Self.names {
      let quoted = JSONValue.string(name).canonicalText
      let texts = [
        #"{"name":"x","factors":{"a":{\#(quoted):{"nonsense":1}}}}"#, #"{\#(quoted): 1}"#, #"{"name":\#(quoted)}"#,
        #"{"name":"x","factors":{\#(quoted):{"on":{"model.width":4}}},"baseline":{"a":\#(quoted)}}"#,
        #"{"name":"x","dataset":{"name":\#(quoted)},"model":{"architecture":\#(quoted),"conv":\#(quoted)}}"#,
        #"{"name":"x","dataset":{"name":"image-folder","path":\#(quoted)},"factors":{"conv":["static","odconv-1x"]}}"#,
        // Control characters as they are, which JSON forbids, and text that is no JSON at all.
        "{\n  \"name\": \"\(name)\", \"factors\": 3 }", "{ \"name\": \"x\", \(name) }", name,
      ]
      for text in texts {
        for file in ["Experiments/bad.json", "Experiments/bad.yaml"] {
          try labrun.write(text, to: file)
          let result = try labrun.run("sweep", file, "--dry-run")
          #expect(result.status == 65 || result.status == 66, "\(text): \(result.errors)")
          #expect(steering(result.output + result.errors) == nil, "\(text)")
        }
      }
    }
  }

  /// Everything is printed by ``Terminal``, which makes names harmless; a line that prints by other means is a mistake.
  @Test func nothingElsePrints() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources")
    let printing =
      /\b(debugPrint|print|dump|puts|fputs|fputc|putc|putchar|fwrite|printf|fprintf|vprintf|vfprintf|perror|NSLog|os_log|syslog)\s*\(|FileHandle\.standard|STD(OUT|ERR)_FILENO|\b(stdout|stderr)\b|StreamLogHandler|\.exit\(withError|\/dev\/(tty|stdout|stderr|fd)|\bstd::(cout|cerr)\b|fileDescriptor:\s*[12]\b|u\{1[bB]\}|\\x1b|\\033/
    let allowed = [
      "App/LabCommandLine/Terminal/Terminal.swift", "Study/LabReport/Layout/Style.swift",
      "Study/LabReport/Layout/DisplayWidth.swift",
      // These have texts of their own only, where a process that ends can use nothing else, or a socket for an output.
      "App/LabCommandLine/Terminal/ProcessSignals.swift", "Base/CLabMachine/refusals.c",
      "Base/LabHDF5/Isolation/IsolatedService.swift",
      // Says where another program's output goes.
      "Base/LabCore/Process/ProcessLaunch.swift",
      // No part of the program.
      "Testing/LabFuzzing/Fuzzer.swift",
    ]
    let enumerator = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var fileCount = 0
    for case let file as URL in enumerator where ["swift", "c", "h", "cpp"].contains(file.pathExtension) {
      fileCount += 1
      guard !allowed.contains(where: { file.path.hasSuffix("/Sources/" + $0) }) else { continue }
      for (number, line) in try String(contentsOf: file, encoding: .utf8).split(
        separator: "\n", omittingEmptySubsequences: false
      )
      .enumerated()
      where !line.drop(while: \.isWhitespace).hasPrefix("//") && line.contains(printing) {
        Issue.record("\(file.path):\(number + 1) prints without Terminal: \(line)")
      }
    }
    #expect(fileCount > 100)
  }
}
