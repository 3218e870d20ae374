import Foundation
import LabCore
import LabStudy

/// The files that a program is made of and reads, whose content is part of its runs' identity.
struct ProgramFiles {
  /// The folder of the spec, which relative paths start from.
  let folder: String

  /// The hash of all files that a program names.
  ///
  /// - Returns: the hash, the files as they are, and what is wrong with names: an issue each.
  func hash(_ program: ProgramSpec) throws -> (hash: ContentHash, snapshot: ProgramSnapshot, issues: [SpecIssue]) {
    var states: [String: ProgramSnapshot.State] = [:]
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
        // What changes while it is read is found to have changed.
        let stamp = stamp(path)
        let content = try content(path)
        states[path] = .init(stamp: stamp, content: content)
        hasher.update(path)
        hasher.update(content.hexadecimal)
      }
    }
    return (hasher.finish(), ProgramSnapshot(self, program, states), issues)
  }

  /// All files that a program names, by their paths from the folder.
  func paths(_ program: ProgramSpec) -> Set<String> { Set((program.sources + program.inputs).flatMap(files)) }

  /// What the system tells of a file without reading it.
  func stamp(_ path: String) -> ProgramSnapshot.Stamp? {
    guard let found = try? FileManager.default.attributesOfItem(atPath: absolute(path).resolvingSymlinks) else {
      return nil
    }
    return .init(
      date: found[.modificationDate] as? Date, byteCount: (found[.size] as? NSNumber)?.uint64Value,
      number: (found[.systemFileNumber] as? NSNumber)?.uint64Value)
  }

  func content(_ path: String) throws -> ContentHash {
    ContentHash(of: try Data(contentsOf: URL(fileURLWithPath: absolute(path)), options: .mappedIfSafe))
  }

  /// The files that a name or a pattern means, by their paths from the folder; `**` stands for any folders, `*` for any
  /// name.
  ///
  /// What Python compiles for itself comes and goes while programs run, and is nobody's source; nor is what is hidden, where
  /// it is not named so.
  private func files(_ pattern: String) -> [String] {
    func isHidden(_ part: Substring) -> Bool { part.hasPrefix(".") && part != "." && part != ".." }
    let own = pattern.split(separator: "/")
    let takesHidden = own.contains(where: isHidden)
    return named(pattern).filter { path in
      !path.split(separator: "/").contains {
        $0 == "__pycache__" && !own.contains($0) || isHidden($0) && !takesHidden
      }
    }
  }

  private func named(_ pattern: String) -> [String] {
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
    return matching(parts[fixed.endIndex...], in: root).filter(isFile).sorted()
  }

  /// The paths in a folder that a pattern's parts mean; only where a part stands for any folders, all of them are searched.
  private func matching(_ parts: ArraySlice<String>, in root: String) -> [String] {
    guard let part = parts.first else { return [root] }
    func path(_ name: String) -> String { root.isEmpty ? name : "\(root)/\(name)" }
    let place = root.isEmpty ? absolute(".") : absolute(root)
    if part == "**" {
      return (FileManager.default.subpaths(atPath: place) ?? [])
        .filter { Self.matches($0.split(separator: "/").map(String.init)[...], parts) }.map(path)
    }
    guard part.contains(where: { "*?[".contains($0) }) else { return matching(parts.dropFirst(), in: path(part)) }
    return ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? [])
      .filter { fnmatch(part, $0, FNM_PERIOD) == 0 }.flatMap { matching(parts.dropFirst(), in: path($0)) }
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

extension String {
  /// The path of the file that a link leads to.
  fileprivate var resolvingSymlinks: String { URL(fileURLWithPath: self).resolvingSymlinksInPath().path }
}
