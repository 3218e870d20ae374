import ArgumentParser
import Foundation
import LabCore
import LabStudy
import LabWorkbench

/// The command `labrun init`.
struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Write a commented starter spec.",
    discussion: """
      A name alone stands for a file in Experiments/; a path is written as it is, with .json where it has no ending.

      EXAMPLES
        labrun init my-study            # Experiments/my-study.json
        labrun init my-study --yaml     # Experiments/my-study.yaml
        labrun init studies/            # studies/my-study.json
        labrun init studies/width.yaml  # the study "width"
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

  @Flag(help: "Overwrite an existing file.")
  var force = false

  func run() throws {
    guard path == nil || target == nil else {
      throw CommandError("init takes one place to write to, \"\(target ?? "")\" or --path \"\(path ?? "")\", not both")
    }
    let file = try StarterFile(target: target, path: path, yaml: yaml)
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
    if !folder.isEmpty {
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw FileError(action: "create the folder", path: folder)
      }
    }
    try AtomicFile.write(Data(StarterSpec.text(name: file.name, format: file.format).utf8), to: file.path)
    // The spec names its schema, by which editors complete and check it.
    let schema = folder.isEmpty ? "spec.schema.json" : (folder as NSString).appendingPathComponent("spec.schema.json")
    let writesSchema = !FileManager.default.fileExists(atPath: schema)
    if writesSchema {
      try AtomicFile.write(Data((StudySchema.labrun.jsonSchema().prettyText() + "\n").utf8), to: schema)
    }
    Terminal.standardOutput.note(
      "wrote \(file.path), the study \"\(file.name)\""
        + (writesSchema ? ", and \(schema), by which editors check it" : "")
        + "; next: labrun sweep \(file.path.quotedForShell) --dry-run")
  }
}

/// Where a starter spec is written, by what a user gave.
private struct StarterFile {
  let path: String
  /// The study's name.
  let name: String
  let format: SourceFormat

  private static let standardName = "my-study"

  /// - Parameters:
  ///   - target: a name or path.
  ///   - path: a path, whatever it looks like.
  init(target: String?, path: String?, yaml: Bool) throws {
    let given = (path ?? target ?? Self.standardName) as NSString
    let isName = path == nil && !given.contains("/") && SourceFormat(fileExtension: given.pathExtension) == nil
    var file = given.expandingTildeInPath
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder)
    if given.hasSuffix("/") || exists && isFolder.boolValue && given.length > 0 {
      file = (file as NSString).appendingPathComponent(Self.standardName)
    } else if isName {
      file = "Experiments/" + file
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

extension String {
  /// The text as a shell takes it for one word.
  var quotedForShell: String {
    let plain =
      !isEmpty
      && unicodeScalars.allSatisfy { $0.properties.isAlphabetic || "0123456789-_./+,:@%~".unicodeScalars.contains($0) }
    return plain ? self : "'" + replacing("'", with: #"'\''"#) + "'"
  }
}
