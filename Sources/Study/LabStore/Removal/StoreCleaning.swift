import Foundation
import GRDB
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What nothing needs any more in a results folder, and takes it away.
///
/// Nothing of a run that is being trained is looked at, and nothing that labrun has not written.
public struct StoreCleaning: Sendable {
  /// Why something is not needed.
  public enum Kind: String, Sendable, CaseIterable {
    /// Checkpoints of completed runs.
    case checkpoints
    /// Runs that no sweep needs, with their files.
    case runs
    /// Files that processes which died have left unfinished.
    case leftovers
    /// Locks that nobody holds.
    case locks
  }

  /// Something that is not needed.
  public struct Item: Sendable, Hashable {
    /// Why.
    public var kind: Kind
    /// The file or folder.
    public var path: String
    /// Its size in bytes.
    public var byteCount: Int
    /// The run that it is of; nil for none.
    public var run: RunIdentity?
  }

  private let store: StudyStore
  /// What can go, in the order of the kinds.
  public private(set) var items: [Item] = []
  /// The number of runs that are being trained, of which nothing goes.
  public private(set) var trainedCount = 0

  /// Looks for what is not needed, and changes nothing.
  ///
  /// - Throws: an error of the store where it cannot be read, `FileError` where a folder cannot be listed.
  public init(_ store: StudyStore) throws {
    self.store = store
    let runs = try store.read { database in
      try RunRecord.order(sql: "id").fetchAll(database).map { record in
        let identity = RunIdentity(hash: record.identity)
        let isNeeded = try Bool.fetchOne(
          database, sql: "SELECT EXISTS (SELECT 1 FROM cell WHERE run_id = ?)", arguments: [record.id])
        return (identity, try store.standing(of: identity, database), isNeeded ?? true)
      }
    }
    for (run, standing, isNeeded) in runs {
      guard standing.trainer == nil else {
        trainedCount += 1
        continue
      }
      try look(at: store.folder(of: run), standing, isNeeded: isNeeded)
    }
    // Names of unfinished files and archives, and of folders of runs that were being removed.
    let names = [(store.folder, /.+\.tmp-[0-9]+-[0-9]+/), ("\(store.folder)/runs", /[0-9a-f]{12}\.tmp-[0-9]+/)]
    for (folder, pattern) in names {
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      where name.wholeMatch(of: pattern) != nil && Self.isLeftover(name) {
        add(.leftovers, "\(folder)/\(name)")
      }
    }
    let order = Dictionary(uniqueKeysWithValues: Kind.allCases.enumerated().map { ($1, $0) })
    items.sort { (order[$0.kind] ?? 0, $0.path) < (order[$1.kind] ?? 0, $1.path) }
  }

  private mutating func add(_ kind: Kind, _ path: String, run: RunIdentity? = nil) {
    items.append(Item(kind: kind, path: path, byteCount: RunFolder.byteCount(path), run: run))
  }

  private mutating func look(at folder: RunFolder, _ standing: RunStanding, isNeeded: Bool) throws {
    guard isNeeded else { return add(.runs, folder.path, run: folder.run) }
    if standing.state == .completed, standing.loss == nil {
      for file in RunFolder.File.checkpoints where folder.has(file) {
        add(.checkpoints, folder.path(of: file), run: folder.run)
      }
    }
    for name in try folder.entries() where RunFolder.isOwn(name) {
      if Self.isLeftover(name) {
        add(.leftovers, "\(folder.path)/\(name)", run: folder.run)
      } else if name.hasSuffix(".lock") {
        add(.locks, "\(folder.path)/\(name)", run: folder.run)
      }
    }
  }

  /// Whether a name is that of an unfinished file or folder whose process has died.
  public static func isLeftover(_ name: String) -> Bool {
    guard let mark = name.range(of: RunFolder.temporaryMark),
      let pid = Int32(name[mark.upperBound...].prefix { $0.isNumber })
    else { return false }
    return kill(pid, 0) != 0 && errno == ESRCH
  }

  // MARK: Removing

  /// Takes away what can go of some kinds.
  ///
  /// - Returns: what has gone; what has come to be needed meanwhile stays.
  /// - Throws: an error of the store where it cannot be written, `FileError` where the system refuses; what went before is
  ///   gone.
  public func clean(_ kinds: Set<Kind>) throws -> [Item] {
    try items.filter { kinds.contains($0.kind) }.filter(remove)
  }

  /// - Returns: whether it has gone.
  private func remove(_ item: Item) throws -> Bool {
    switch item.kind {
    case .checkpoints: return try item.run.map { try removeCheckpoint(item.path, of: $0) } ?? false
    case .runs:
      guard let run = item.run, try store.removal(ofRun: run).removed.allSatisfy(\.sweeps.isEmpty) else { return false }
      try store.remove(run: run)
    case .locks: return try FileLock.remove(item.path)
    case .leftovers: try Self.removeLeftover(item.path)
    }
    return true
  }

  /// Forgets what was noted of a checkpoint, and removes it.
  private func removeCheckpoint(_ path: String, of run: RunIdentity) throws -> Bool {
    try store.write { database in
      let standing = try store.standing(of: run, database)
      guard standing.state == .completed else { return false }
      try database.executeCached(
        sql: "DELETE FROM file WHERE run_id = ? AND name = ?",
        arguments: [standing.record.id, (path as NSString).lastPathComponent])
      guard unlink(path) == 0 || errno == ENOENT else { throw FileError(action: "remove", path: path) }
      return true
    }
  }

  /// Removes an unfinished file, or a folder with all that is in it.
  static func removeLeftover(_ path: String) throws {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      guard access(path, F_OK) == 0 else { return }
      throw FileError(action: "remove", path: path, code: RunFolder.systemCode(of: error))
    }
  }
}
