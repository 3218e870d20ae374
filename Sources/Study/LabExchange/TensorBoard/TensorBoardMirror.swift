import Foundation
import LabCore
import LabRecords
import Synchronization

/// Event files that grow while runs are trained: `FOLDER/VARIANT/seed-N`, a file an attempt.
public final class TensorBoardMirror: RunMirror {
  private let folder: String
  private let now: @Sendable () -> Double
  private let state = Mutex((folders: RunFolders(), files: [RunIdentity: String](), epochs: [RunIdentity: Int]()))

  /// Creates a mirror.
  ///
  /// - Parameters:
  ///   - folder: the folder of the sweep.
  ///   - now: the time in seconds since 1970.
  public init(folder: String, now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }) {
    self.folder = folder
    self.now = now
  }

  public var title: String { folder }

  public func didStart(_ cell: Cell, atEpoch epoch: Int) throws {
    let time = now()
    let path = state.withLock { state in
      // TensorBoard reads the files of a folder in the order of their names.
      let path = "\(folder)/\(state.folders.path(of: cell))/events.out.tfevents.\(Int(time * 1000)).labrun"
      state.files[cell.run.identity] = path
      state.epochs[cell.run.identity] = epoch
      return path
    }
    do {
      try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    } catch {
      let code = (error as NSError).userInfo[NSUnderlyingErrorKey].flatMap { ($0 as? NSError)?.code }
      throw FileError(action: "create the folder of", path: path, code: code.map { Int32($0) } ?? EEXIST)
    }
    var records = [
      Event.record(.fileVersion, time: time, step: 0),
      Event.record(TensorBoardRun.start(of: cell, time: time), time: time, step: 0),
    ]
    // What an earlier attempt has written from there on is trained again.
    if epoch > 0 { records.append(Event.record(.restart, time: time, step: epoch + 1)) }
    try AtomicFile.create(path, records.reduce(into: Data()) { $0.append($1) })
  }

  public func didRecord(_ epoch: EpochRecord, of cell: Cell) throws {
    let time = now()
    state.withLock { $0.epochs[cell.run.identity] = epoch.epoch + 1 }
    try append(TensorBoardRun.records(of: epoch, time: time), cell)
  }

  public func didFinish(_ cell: Cell, _ outcome: RunOutcome) throws {
    let step = state.withLock { $0.epochs[cell.run.identity] } ?? 0
    var final: FinalRecord?
    if case .completed(let record) = outcome { final = record }
    try append(TensorBoardRun.end(outcome.state, final: final, step: step, time: now()), cell)
  }

  private func append(_ records: [Data], _ cell: Cell) throws {
    guard let path = state.withLock({ $0.files[cell.run.identity] }), !records.isEmpty else { return }
    guard let file = FileHandle(forWritingAtPath: path) else { throw FileError(action: "open", path: path) }
    defer { try? file.close() }
    do {
      try file.seekToEnd()
      try file.write(contentsOf: records.reduce(into: Data()) { $0.append($1) })
    } catch {
      throw FileError(action: "write", path: path)
    }
  }
}
