import ArgumentParser
import Foundation
import LabCore
import LabStudy

/// The command `labrun init`.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Write a commented starter spec.",
    discussion: """
      EXAMPLES
        labrun init my-study            # Experiments/my-study.json
        labrun init my-study --yaml
        labrun init --path study.json
      """)

  @Argument(help: "The study's name.")
  var name = "my-study"

  @Flag(help: "Write YAML instead of JSON.")
  var yaml = false

  @Option(help: "The file to write (default: NAME.json in Experiments/).", completion: .file())
  var path: String?

  @Flag(help: "Overwrite an existing file.")
  var force = false

  func run() throws {
    let target = path ?? "Experiments/\(name).\(yaml ? "yaml" : "json")"
    if !force, FileManager.default.fileExists(atPath: target) {
      throw CommandError("\(target) exists already; choose another name, or --force to overwrite it")
    }
    let folder = (target as NSString).deletingLastPathComponent
    if !folder.isEmpty {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
    let text = StarterSpec.text(name: name, format: yaml ? .yaml : .json)
    try AtomicFile.write(Data(text.utf8), to: target)
    Terminal.standardOutput.note("wrote \(target); next: labrun sweep \(target) --dry-run")
  }
}
