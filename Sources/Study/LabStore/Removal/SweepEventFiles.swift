import Foundation
import LabCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The event files that a sweep writes for TensorBoard beside its results.
package struct SweepEventFiles: Sendable, Hashable {
  /// The folder.
  package let path: String

  /// The event files of a sweep.
  ///
  /// - Parameters:
  ///   - results: the results folder.
  ///   - name: the sweep's name.
  ///   - id: the sweep's number.
  package init(results: String, name: String, id: Int64) { path = "\(results)/tensorboard/\(name)-\(id)" }

  /// Whether labrun writes files of a name, which is `events.out.tfevents.TIME.labrun`.
  private static func isOwn(_ name: String) -> Bool {
    name.hasPrefix("events.out.tfevents.") && name.hasSuffix(".labrun")
  }

  /// The paths of labrun's files, and of those that it has not written.
  func files() -> (own: [String], foreign: [String]) {
    var (own, foreign): ([String], [String]) = ([], [])
    for case let name as String in FileManager.default.enumerator(atPath: path)?.allObjects ?? [] {
      let file = "\(path)/\(name)"
      var status = stat()
      guard lstat(file, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { continue }
      if Self.isOwn((name as NSString).lastPathComponent) { own.append(file) } else { foreign.append(file) }
    }
    return (own.sorted(), foreign.sorted())
  }

  /// Removes labrun's files, and the folders that are empty then.
  ///
  /// - Throws: `FileError`.
  func remove() throws {
    for file in files().own where unlink(file) != 0 && errno != ENOENT { throw FileError(action: "remove", path: file) }
    let folders = (FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []).map { "\(path)/\($0)" }
    // What is not empty holds what somebody else has put there.
    for folder in folders.sorted(by: >) + [path] { rmdir(folder) }
  }
}
