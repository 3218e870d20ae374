import Foundation
import LabCore
import LabStudy

/// Checks the variants of somebody's program: that it is there, with the files that it names.
struct ProgramCheck {
  /// The folder of the spec, which relative paths start from.
  let specFolder: String
  /// The variants in which nothing is wrong.
  private(set) var variants: [ProgramVariant] = []
  private var known: (program: ProgramSpec, hash: ContentHash, snapshot: ProgramSnapshot, issues: [SpecIssue])?

  init(specFolder: String) { self.specFolder = specFolder.isEmpty ? "." : specFolder }

  /// What is wrong with a variant.
  mutating func issues(of variant: ResolvedVariant, _ program: ProgramSpec) -> [SpecIssue] {
    if known?.program != program {
      do {
        let files = try ProgramFiles(folder: specFolder).hash(program)
        known = (program, files.hash, files.snapshot, files.issues + commandIssues(program))
      } catch {
        return [SpecIssue(keyPath: "program.sources", message: "\(error)")]
      }
    }
    guard let known else { return [] }
    if known.issues.isEmpty {
      variants.append(
        ProgramVariant(variant: variant, program: program, dataHash: known.hash, snapshot: known.snapshot))
    }
    return known.issues
  }

  /// What is wrong with the command, which would fail every run.
  private func commandIssues(_ program: ProgramSpec) -> [SpecIssue] {
    guard let name = program.command.first, !name.contains("{") else { return [] }
    guard !Self.canBeStarted(name, in: specFolder) else { return [] }
    let place = name.contains("/") ? "in \(specFolder)" : "in a folder of PATH"
    return [
      SpecIssue(
        keyPath: "program.command[0]", message: "no program \(name) that can be started is \(place)",
        found: "\"\(name)\"",
        expected: "a program that can be started")
    ]
  }

  /// Whether a command's first word can be started from a folder.
  static func canBeStarted(_ name: String, in folder: String) -> Bool {
    guard name.contains("/") else { return ProcessLaunch.path(of: name) != nil }
    return access(name.hasPrefix("/") ? name : "\(folder)/\(name)", X_OK) == 0
  }
}
