import Foundation
import LabCore
import LabRecords
import LabStore

/// What the processes of a run have printed, where it had some of its own.
struct RunLog {
  private let path: String
  private let identity: RunIdentity
  private let store: StudyStore

  /// The log of a run.
  init(of identity: RunIdentity, in store: StudyStore) {
    self.identity = identity
    self.store = store
    path = store.folder(of: identity).path
  }

  /// The files of attempts that have printed something, the first attempt's first.
  func files() throws -> [(name: String, path: String)] {
    try store.attempts(at: identity).map { RunOutput.name(ofAttempt: $0.number) }
      .filter { FileManager.default.fileExists(atPath: "\(path)/\($0)") }.map { ($0, "\(path)/\($0)") }
  }

  /// The most bytes that lines are looked for in.
  private static let tail = 65_536

  /// The last lines of the last attempt that has printed something.
  func lastLines(_ count: Int) throws -> [String] {
    guard let file = try files().last, let handle = FileHandle(forReadingAtPath: file.path) else { return [] }
    defer { try? handle.close() }
    let length = (try? handle.seekToEnd()) ?? 0
    let start = length > UInt64(RunLog.tail) ? length - UInt64(RunLog.tail) : 0
    guard (try? handle.seek(toOffset: start)) != nil, let data = try? handle.readToEnd() else { return [] }
    // A file may end within a character, and what is printed may be anything.
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
    // What was cut at its beginning is no line, unless there is no other.
    return lines.dropFirst(start > 0 && lines.count > 1 ? 1 : 0).suffix(count).map { String($0.prefix(500)) }
  }
}
