import ArgumentParser
import Foundation
import LabCore
import LabStudy
import LabWorkbench

/// The command `labrun init`.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Write a commented starter spec.",
    usage: "labrun init [<name or path>] [options]",
    discussion: """
      A name alone stands for a file in Experiments/; a path is written as it is, with .json where it has no ending.

      With --command, the spec is of that program, in the folder where you are. The program is started with --help, and so is \
      everything in it that stands before it reads its options; a program that a Python runs is ended there. What has a default \
      becomes a parameter, an option with choices a factor; what is left out is named. Whatever lies in the command already stays.

      EXAMPLES
        labrun init my-study            # Experiments/my-study.json
        labrun init my-study --yaml     # Experiments/my-study.yaml
        labrun init studies/            # studies/my-study.json
        labrun init studies/width.yaml  # the study "width"
        labrun init --ablate odconv     # odconv without one part after the other
        labrun init --command "python3 train.py" --pattern "test acc: {test_accuracy}" --percent
      """)

  @Argument(
    help: ArgumentHelp(
      "The study's name, or the file or folder to write to (default: my-study).", valueName: "name or path"),
    completion: .file())
  var target: String?

  @Flag(help: "Write YAML instead of JSON.")
  var yaml = false

  @Option(help: "The file or folder to write to, also where it looks like a name.", completion: .file())
  var path: String?

  @Option(
    help: ArgumentHelp(
      "Write a study of the parts of a convolution, block, architecture or loss, left out one by one (default name: "
        + "component-parts).", valueName: "component"))
  var ablate: String?

  @Option(
    help: ArgumentHelp(
      "Write a spec of somebody's program, which is started once to ask for its options.", valueName: "program"))
  var command: String?

  @Option(
    help: ArgumentHelp(
      "How a line looks that the program prints with metrics, such as \"test acc: {test_accuracy}\"; may be repeated.",
      valueName: "text"))
  var pattern: [String] = []

  @Flag(help: "The metrics of --pattern are printed in percent.")
  var percent = false

  @Option(
    help: ArgumentHelp(
      "How long the program of --command may take to tell its options (default: 60).", valueName: "seconds"))
  var timeLimit: Double?

  @Flag(help: "Overwrite an existing file.")
  var force = false

  func run() throws {
    guard path == nil || target == nil else {
      throw CommandError("init takes one place to write to, \"\(target ?? "")\" or --path \"\(path ?? "")\", not both")
    }
    let schema = StudySchema.labrun
    let ablation = try ablate.map { try AblationSpec(of: schema.component($0)) }
    let program = try programStarter()
    let standardName =
      ablation.map { "\($0.component.name)-parts" } ?? program?.standardName ?? StarterFile.standardName
    let file = try StarterFile(
      target: target, path: path, standardName: standardName, yaml: yaml, folder: program == nil ? "Experiments/" : "")
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) {
      guard !isFolder.boolValue else {
        throw CommandError("\(file.path) is a folder, which no spec can be written over; choose another name")
      }
      guard force else {
        throw CommandError("\(file.path) exists already; choose another name, or --force to overwrite it")
      }
    }
    let folder = (file.path as NSString).deletingLastPathComponent
    // A program that cannot be started leaves nothing behind.
    let draft = try program?.draft(folder: folder)
    if !folder.isEmpty {
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw FileError(action: "create the folder", path: folder)
      }
    }
    let text =
      draft?.text(name: file.name, file: file.path.shellQuoted, format: file.format)
      ?? ablation?.text(name: file.name, format: file.format) ?? StarterSpec.text(name: file.name, format: file.format)
    try AtomicFile.write(Data(text.utf8), to: file.path)
    // The spec names its schema, by which editors complete and check it.
    let schemaFile =
      folder.isEmpty ? "spec.schema.json" : (folder as NSString).appendingPathComponent("spec.schema.json")
    let writesSchema = !FileManager.default.fileExists(atPath: schemaFile)
    if writesSchema {
      try AtomicFile.write(Data((schema.jsonSchema().prettyText() + "\n").utf8), to: schemaFile)
    }
    if let draft { ProgramStarter.say(draft) }
    let unfilled = draft?.unfilled ?? []
    Terminal.standardOutput.note(
      "wrote \(file.path), the study \"\(file.name)\""
        + (writesSchema ? ", and \(schemaFile), by which editors check it" : "")
        + (unfilled.isEmpty ? "" : "; fill in \(unfilled.joined(separator: ", "))")
        + "; next: labrun sweep \(file.path.shellQuoted) --dry-run")
  }

  /// What writes a spec of a program; nil where none is asked for.
  private func programStarter() throws -> ProgramStarter? {
    guard let command else {
      let lone = [
        ("--pattern", !pattern.isEmpty), ("--percent", percent), ("--time-limit", timeLimit != nil),
      ].filter(\.1).map(\.0)
      guard lone.isEmpty else {
        throw CommandError(
          "\(lone.joined(separator: " and ")) says something of the program that --command names; give both")
      }
      return nil
    }
    guard ablate == nil else {
      throw CommandError(
        "--ablate writes a spec of labrun's own networks, and --command one of a program; leave one of them out")
    }
    return try ProgramStarter(command, patterns: pattern, isPercent: percent, seconds: timeLimit ?? 60)
  }
}

/// Where a starter spec is written, by what a user gave.
private struct StarterFile {
  let path: String
  /// The study's name.
  let name: String
  let format: SourceFormat

  static let standardName = "my-study"

  /// - Parameters:
  ///   - target: a name or path.
  ///   - path: a path, whatever it looks like.
  ///   - standardName: the name of a study that is given none.
  ///   - yaml: whether YAML is asked for.
  ///   - folder: the folder that a name alone stands in, with its slash.
  init(target: String?, path: String?, standardName: String, yaml: Bool, folder: String) throws {
    let given = (path ?? target ?? standardName) as NSString
    let isName = path == nil && !given.contains("/") && SourceFormat(fileExtension: given.pathExtension) == nil
    var file = given.expandingTildeInPath
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder)
    if given.hasSuffix("/") || exists && isFolder.boolValue && given.length > 0 {
      file = (file as NSString).appendingPathComponent(standardName)
    } else if isName {
      file = folder + file
    }
    let ending = (file as NSString).pathExtension
    if let format = SourceFormat(fileExtension: ending) {
      guard !yaml || format == .yaml else {
        throw CommandError("--yaml contradicts the ending of \(file); leave one of them out")
      }
      self.format = format
    } else {
      format = yaml ? .yaml : .json
      file += yaml ? ".yaml" : ".json"
    }
    name = ((file as NSString).lastPathComponent as NSString).deletingPathExtension
    guard StudySpec.isUsableName(name), given.length > 0 else {
      throw CommandError(
        "\"\(given.lastPathComponent)\" cannot name a study: use letters, digits, \"-\", \"_\" and \".\", such as "
          + Self.standardName)
    }
    self.path = file
  }
}
