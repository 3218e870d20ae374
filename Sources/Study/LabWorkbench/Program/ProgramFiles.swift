import Foundation
import LabCore
import LabStudy

/// The files that a program is made of and reads, whose content is part of its runs' identity.
struct ProgramFiles {
  /// The folder of the spec, which relative paths start from.
  let folder: String

  /// The hash of all files that a program names.
  ///
  /// - Returns: the hash, and what is wrong with names: an issue each.
  func hash(_ program: ProgramSpec) throws -> (hash: ContentHash, issues: [SpecIssue]) {
    var issues: [SpecIssue] = []
    var hasher = ContentHasher()
    hasher.update("labrun-program-1")
    for (key, patterns) in [("sources", program.sources), ("inputs", program.inputs)] {
      var paths: Set<String> = []
      for (index, pattern) in patterns.enumerated() {
        let found = files(pattern)
        if found.isEmpty {
          issues.append(
            SpecIssue(
              keyPath: ConfigurationPath("program").appending(key).appending(index: index),
              message:
                "no file \(pattern) is in \(folder); expected a path from there, such as train.py or models/**/*.py",
              found: "\"\(pattern)\"", expected: "a file"))
        }
        paths.formUnion(found)
      }
      hasher.update(key)
      for path in paths.sorted() {
        hasher.update(path)
        hasher.update(try content(path).hexadecimal)
      }
    }
    return (hasher.finish(), issues)
  }

  private func content(_ path: String) throws -> ContentHash {
    ContentHash(of: try Data(contentsOf: URL(fileURLWithPath: absolute(path)), options: .mappedIfSafe))
  }

  /// The files that a name or a pattern means, by their paths from the folder; `**` stands for any folders, `*` for any
  /// name.
  private func files(_ pattern: String) -> [String] {
    guard pattern.contains(where: { "*?[".contains($0) }) else {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: absolute(pattern), isDirectory: &isFolder) else { return [] }
      guard isFolder.boolValue else { return [pattern] }
      return (FileManager.default.subpaths(atPath: absolute(pattern)) ?? []).map { "\(pattern)/\($0)" }
        .filter(isFile).sorted()
    }
    // Folders before the first wildcard need no search.
    let parts = pattern.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    let fixed = parts.prefix { part in !part.contains { "*?[".contains($0) } }
    let root = fixed.joined(separator: "/")
    let names = FileManager.default.subpaths(atPath: root.isEmpty ? absolute(".") : absolute(root)) ?? []
    return names.map { root.isEmpty ? $0 : "\(root)/\($0)" }
      .filter { Self.matches($0.split(separator: "/").map(String.init)[...], parts[...]) && isFile($0) }.sorted()
  }

  private func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: absolute(path), isDirectory: &isFolder) && !isFolder.boolValue
  }

  private func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }

  private static func matches(_ path: ArraySlice<String>, _ pattern: ArraySlice<String>) -> Bool {
    guard let first = pattern.first else { return path.isEmpty }
    if first == "**" {
      return (path.startIndex...path.endIndex).contains { matches(path[$0...], pattern.dropFirst()) }
    }
    guard let name = path.first, fnmatch(first, name, FNM_PERIOD) == 0 else { return false }
    return matches(path.dropFirst(), pattern.dropFirst())
  }
}
