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
    let stem = ((target as NSString).lastPathComponent as NSString).deletingPathExtension
    guard StudySpec.isUsableName(stem), path != nil || !name.contains("/") else {
      throw CommandError(
        "\"\(path == nil ? name : stem)\" cannot name a study: use letters, digits, \"-\", \"_\" and \".\", such as my-study"
      )
    }
    if !force, FileManager.default.fileExists(atPath: target) {
      throw CommandError("\(target) exists already; choose another name, or --force to overwrite it")
    }
    let folder = (target as NSString).deletingLastPathComponent
    if !folder.isEmpty {
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw FileError(action: "create the folder", path: folder)
      }
    }
    let format = SourceFormat(fileExtension: (target as NSString).pathExtension) ?? .json
    let text = StarterSpec.text(name: stem, format: yaml ? .yaml : format)
    try AtomicFile.write(Data(text.utf8), to: target)
    // The spec names its schema, by which editors complete and check it.
    let schema = folder.isEmpty ? "spec.schema.json" : "\(folder)/spec.schema.json"
    if !FileManager.default.fileExists(atPath: schema) {
      try AtomicFile.write(Data((StudySchema.labrun.jsonSchema().prettyText() + "\n").utf8), to: schema)
    }
    Terminal.standardOutput.note("wrote \(target); next: labrun sweep \(target) --dry-run")
  }
}
