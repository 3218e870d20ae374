import Foundation
import LabTesting
import Testing

/// The commands of the guides do what the guides say.
///
/// A block of `sh` is run, unless its fence says `no-run`. A command ends with status 0, or with the one that a comment
/// `# status 65` behind it names. A block of `text` right behind it has lines of its output, in their order; `…` stands
/// for anything. A block whose fence names a file is written to it first. A block that starts Python is run where that has the
/// packages of the pages' examples.
@Suite struct GuideTests {
  /// Pages that build on one another, in the order in which they are read.
  static let tours = [
    ["Studies", "Data", "Models", "Deployment", "Results", "Conclusions", "Speed"].map { "Documentation/\($0).md" },
    ["Documentation/FirstGuide.md"], ["Documentation/Programs.md"], ["Documentation/Import.md"],
    ["Documentation/Troubleshooting.md"], ["Documentation/Window.md"],
    ["Documentation/Adding.md"], ["Documentation/Installation.md"],
    ["Documentation/Promises.md"], ["README.md"],
    ["ARCHITECTURE.md"], ["CONTRIBUTING.md"],
  ]
  /// How many blocks of each page are not run: what takes minutes, or tools that a machine may not have.
  static let skipped = [
    "README.md": 2, "Documentation/Programs.md": 2, "Documentation/Import.md": 1, "Documentation/Results.md": 1,
    "Documentation/Installation.md": 2, "Documentation/Window.md": 6, "CONTRIBUTING.md": 1,
  ]

  /// A Python that has what examples import; nil where there is none.
  static let python = PythonPackages.interpreter(importing: "onnx, onnxruntime, PIL")

  /// Pages whose commands start a script of Python's own library.
  static let scripted = ["Documentation/FirstGuide.md"]

  @Test(
    arguments: tours.filter { tour in
      !tour.contains(where: scripted.contains) || PythonPackages.interpreter(importing: "argparse") != nil
    })
  func commandsDoWhatThePageSays(_ tour: [String]) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    for path in tour {
      let page = try MarkdownPage(path)
      var output: [Substring]?
      for block in page.blocks {
        if block.language == "sh" {
          let isRunnable =
            block.note == nil && (Self.python != nil || !block.lines.contains { $0.hasPrefix("python3 ") })
          output = isRunnable ? try run(block, of: page, by: labrun) : nil
        } else if block.language == "text", let lines = output, block.followsDirectly {
          expect(block, in: lines, page: page)
          output = nil
        } else {
          output = nil
          guard let file = block.note, ["json", "yaml", "csv", "python"].contains(where: block.language.hasPrefix)
          else {
            continue
          }
          let place = labrun.folder.appendingPathComponent(file).deletingLastPathComponent()
          try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
          try labrun.write(block.lines.joined(separator: "\n") + "\n", to: file)
        }
      }
    }
  }

  @Test func everyPageWithCommandsIsInATour() throws {
    let known = Set(Self.tours.joined())
    for page in try MarkdownPage.all() where page.path.hasPrefix("Documentation/") || !page.path.contains("/") {
      let commands = page.blocks.filter { $0.language == "sh" }
      #expect(commands.isEmpty || known.contains(page.path), "\(page.path) has commands that no test runs")
      #expect(commands.filter { $0.note != nil }.allSatisfy { $0.note == "no-run" }, "\(page.path)")
      #expect(commands.filter { $0.note != nil }.count == Self.skipped[page.path] ?? 0, "\(page.path)")
      // An indented command would be in no block, and so not run.
      for line in page.prose.split(separator: "\n") where line.hasPrefix("    ") {
        #expect(line.firstMatch(of: /^\s+(labrun|make|swift|python3)\s/) == nil, "\(page.path): \(line)")
      }
    }
  }

  /// Runs a block as a shell would, command by command.
  ///
  /// - Returns: the lines of standard output and standard error, as they come.
  private func run(_ block: MarkdownPage.Block, of page: MarkdownPage, by labrun: Labrun) throws -> [Substring] {
    var script = "exec 2>&1\n"
    for command in block.lines.joined(separator: "\n").replacing("\\\n", with: " ").split(separator: "\n") {
      guard !command.hasPrefix("#") else { continue }
      let status = command.firstMatch(of: /[#] *status (\d+)/)?.output.1 ?? "0"
      script += "\(command)\n_status=$?; [ $_status -eq \(status) ] || echo \"\u{1}$_status\"\n"
    }
    let programs = Labrun.executable.deletingLastPathComponent().path
    var path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    // Where it is a file, the commands' python3 is the one beside it.
    if let python = Self.python, python.contains("/") {
      path = "\((python as NSString).deletingLastPathComponent):\(path)"
    }
    let process = labrun.process([], variables: ["PATH": "\(programs):\(path)"])
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let lines = text.split(separator: "\n")
    for line in lines where line.hasPrefix("\u{1}") {
      Issue.record("\(page.path):\(block.line): a command ended with status \(line.dropFirst()): \(text.suffix(2000))")
    }
    return lines
  }

  /// Finds a block's lines in an output, in their order.
  private func expect(_ block: MarkdownPage.Block, in output: [Substring], page: MarkdownPage) {
    var rest = output[...]
    for line in block.lines where !line.isEmpty {
      guard let position = rest.firstIndex(where: { matches($0, line) }) else {
        Issue.record(
          "\(page.path):\(block.line): no line \"\(line)\" in \(output.joined(separator: "\n").suffix(3000))")
        continue
      }
      rest = rest[(position + 1)...]
    }
  }

  /// Whether a line is what a pattern shows, in which `…` stands for anything.
  private func matches(_ line: Substring, _ pattern: String) -> Bool {
    let parts = pattern.split(separator: "…", omittingEmptySubsequences: false)
    guard line.hasPrefix(parts[0]) else { return false }
    var rest = line.dropFirst(parts[0].count)
    if parts.count == 1 { return rest.allSatisfy(\.isWhitespace) }
    for part in parts[1...].dropLast() where !part.isEmpty {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(parts[parts.count - 1])
  }
}
