import Foundation
import LabCore
import LabScheduler
import LabStudy
import Synchronization

/// The files of a program as they were when its runs were planned, whose content is part of the runs' identity.
final class ProgramSnapshot: Sendable {
  /// What the system tells of a file without reading it.
  struct Stamp: Sendable, Hashable {
    var date: Date?
    var byteCount: UInt64?
    var number: UInt64?
  }

  /// A file.
  struct State: Sendable {
    var stamp: Stamp?
    var content: ContentHash
  }

  private let files: ProgramFiles
  private let program: ProgramSpec
  private let states: Mutex<[String: State]>

  init(_ files: ProgramFiles, _ program: ProgramSpec, _ states: [String: State]) {
    self.files = files
    self.program = program
    self.states = Mutex(states)
  }

  /// The first file that is no longer what it was; nil where all are.
  ///
  /// Only files are read of which the system tells something else than before.
  ///
  /// - Parameter isRunning: whether a run was under way.
  func change(whileRunning isRunning: Bool) -> ProgramChange? {
    states.withLock { states in
      let paths = files.paths(program)
      for path in paths.union(states.keys).sorted() {
        guard let known = states[path] else {
          return ProgramChange(path: path, kind: .added, date: files.stamp(path)?.date, isRunning: isRunning)
        }
        guard paths.contains(path), let stamp = files.stamp(path) else {
          return ProgramChange(path: path, kind: .removed, date: nil, isRunning: isRunning)
        }
        guard stamp != known.stamp else { continue }
        guard let content = try? files.content(path), content == known.content else {
          return ProgramChange(path: path, kind: .changed, date: stamp.date, isRunning: isRunning)
        }
        states[path]?.stamp = stamp
      }
      return nil
    }
  }
}

/// A file of a program that is no longer what it was when runs were planned.
package struct ProgramChange: StartRefusal, CustomStringConvertible {
  /// What has become of the file.
  package enum Kind: Sendable {
    /// It has another content.
    case changed
    /// It is new.
    case added
    /// It is gone.
    case removed
  }

  /// The file, as the spec has it.
  package var path: String
  /// What has become of it.
  package var kind: Kind
  /// When it was written.
  package var date: Date?
  /// Whether a run was under way.
  package var isRunning: Bool

  package var description: String {
    let verb =
      switch kind {
      case .changed: "was changed"
      case .added: "was added"
      case .removed: "is gone"
      }
    let style = Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: .current)
    let what = "\(path) \(verb)\(date.map { " (\($0.formatted(style)))" } ?? "")"
    return isRunning
      ? "\(what) while the program ran, so that nobody knows which of both it has measured: its result does not "
        + "count, and no further run is started"
      : "\(what) after the sweep had read it: no further run is started, since it would be another program than its "
        + "identity says; start the sweep again for runs of what is there now, or put it back before the runs that are "
        + "under way end, so that they count"
  }
}
