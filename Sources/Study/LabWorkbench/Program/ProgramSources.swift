import Foundation
import LabCore
import LabStudy

/// Finds what a command is made of: its script, with what this imports from beside it, and other files that it names.
package struct ProgramSources {
  /// Files that the program is made of, as a spec has them.
  package private(set) var sources: [String] = []
  /// Other files of the command.
  package private(set) var inputs: [String] = []

  private let folder: String
  private var seen: Set<String> = []

  /// Looks at a command.
  ///
  /// - Parameters:
  ///   - command: the words of the command.
  ///   - folder: the folder that its paths start from.
  package init(_ command: [String], folder: String) {
    self.folder = folder
    let python = PythonCommand(command, folder: folder)
    if let module = python?.module {
      add(module: module.replacing(".", with: "/"), of: "")
    }
    let files = command.enumerated().filter { index, word in
      !word.hasPrefix("-") && isFile(word) && (index > 0 || word.contains("/")) && !isBinary(word)
    }.map(\.element)
    for (index, file) in files.enumerated() {
      if index == 0, python?.module == nil { add(file: file) } else if !sources.contains(file) { inputs.append(file) }
    }
  }

  private mutating func add(file: String) {
    guard seen.insert(file).inserted else { return }
    sources.append(file)
    guard file.hasSuffix(".py") || isPython(file), let text = text(of: file) else { return }
    let place = (file as NSString).deletingLastPathComponent
    for line in text.split(whereSeparator: \.isNewline) {
      if let found = line.firstMatch(of: /^\s*from\s+([\w.]+)\s+import\b/) {
        add(module: String(found.1).replacing(".", with: "/"), of: place)
      } else if let found = line.firstMatch(
        of: /^\s*import\s+([\w.]+(?:\s+as\s+\w+)?(?:\s*,\s*[\w.]+(?:\s+as\s+\w+)?)*)/)
      {
        for name in found.1.split(separator: ",") {
          let module = name.trimmingCharacters(in: .whitespaces).split(separator: " ")[0]
          add(module: String(module).replacing(".", with: "/"), of: place)
        }
      }
    }
  }

  /// Adds a module that lies beside what imports it: a file, or a folder with all its files.
  private mutating func add(module: String, of place: String) {
    let parts = module.split(separator: "/").map(String.init)
    guard let first = parts.first else { return }
    let path = place.isEmpty ? first : "\(place)/\(first)"
    if isFile("\(path).py") { return add(file: "\(path).py") }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: absolute(path), isDirectory: &isFolder), isFolder.boolValue,
      (FileManager.default.subpaths(atPath: absolute(path)) ?? []).contains(where: { $0.hasSuffix(".py") })
    else { return }
    let pattern = "\(path)/**/*.py"
    if seen.insert(pattern).inserted { sources.append(pattern) }
  }

  private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }

  private func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return !path.isEmpty && FileManager.default.fileExists(atPath: absolute(path), isDirectory: &isFolder)
      && !isFolder.boolValue
  }

  private func text(of path: String) -> String? {
    (try? Data(contentsOf: URL(fileURLWithPath: absolute(path)), options: .mappedIfSafe))
      .map { String(decoding: $0.prefix(1 << 20), as: UTF8.self) }
  }

  private func isPython(_ path: String) -> Bool { text(of: path)?.prefix(100).contains("python") == true }

  /// Whether a file is a program of the system, such as an interpreter that is named by its path.
  private func isBinary(_ path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: absolute(path)), let data = try? handle.read(upToCount: 4096) else {
      return true
    }
    return data.contains(0)
  }
}
