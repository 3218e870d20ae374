import Foundation
import GRDB
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension StudyStore {
  /// What would go with a sweep: itself, and the runs that no other sweep needs.
  ///
  /// - Throws: ``LabRecords/RunStoreError/unknownSweep(_:)``; an error of the store where it cannot be read.
  public func removal(ofSweep id: Int64) throws -> Removal { try read { try removal(ofSweep: id, $0) } }

  /// What would go of a run: its results and its files.
  ///
  /// Sweeps that need it have it then as one that was never started.
  ///
  /// - Throws: ``LabRecords/RunStoreError/unknownRun(_:)``; an error of the store where it cannot be read.
  public func removal(ofRun run: RunIdentity) throws -> Removal { try read { try removal(ofRun: run, $0) } }

  /// Removes a sweep with the runs that no other sweep needs.
  ///
  /// - Returns: what has gone, and what stays.
  /// - Throws: ``StoreError/busy(run:owner:)`` where one of its runs is being trained, an error of the store where it cannot
  ///   be written, `FileError`; nothing is removed then.
  @discardableResult
  public func remove(sweep id: Int64) throws -> Removal {
    try removing { database in
      let removal = try removal(ofSweep: id, database)
      try removal.checkNobodyTrains()
      // Attempts go with their sweep, and these are attempts at runs that stay.
      try database.execute(
        sql: """
          UPDATE attempt SET sweep_id = COALESCE((
            SELECT MAX(variant.sweep_id) FROM cell JOIN variant ON variant.id = cell.variant_id
            WHERE cell.run_id = attempt.run_id AND variant.sweep_id <> ?), sweep_id)
          WHERE sweep_id = ?
          """, arguments: [id, id])
      try database.execute(sql: "DELETE FROM sweep WHERE id = ?", arguments: [id])
      for item in removal.removed { try deleteRun(item.run, database) }
      return removal
    }
  }

  /// Removes what is known of a run, and the run itself where no sweep needs it.
  ///
  /// - Returns: what has gone.
  /// - Throws: ``StoreError/busy(run:owner:)`` where it is being trained, an error of the store where it cannot be written,
  ///   `FileError`; nothing is removed then.
  @discardableResult
  public func remove(run: RunIdentity) throws -> Removal {
    try removing { database in
      let removal = try removal(ofRun: run, database)
      try removal.checkNobodyTrains()
      let isNeeded = removal.removed.contains { !$0.sweeps.isEmpty }
      if isNeeded { try forget(run, database) } else { try deleteRun(run, database) }
      return removal
    }
  }

  private func deleteRun(_ run: RunIdentity, _ database: Database) throws {
    try database.executeCached(sql: "DELETE FROM run WHERE identity = ?", arguments: [run.hash.hexadecimal])
  }

  /// Makes a run one that was never started.
  private func forget(_ run: RunIdentity, _ database: Database) throws {
    let id = try runRecord(run, database).id
    try deleteEpochs(">= ?", 0, run: id, database)
    try discardFinal(run: id, database)
    for table in ["attempt", "event", "file", "lease"] {
      try database.executeCached(sql: "DELETE FROM \(table) WHERE run_id = ?", arguments: [id])
    }
    try database.executeCached(
      sql: """
        UPDATE run SET state = 'pending', reason = NULL, is_retriable = FALSE, ended_at = NULL, discards_files = FALSE
        WHERE id = ?
        """, arguments: [id])
    try refreshTotals(run: id, database)
  }

  // MARK: Looking

  private func removal(ofSweep id: Int64, _ database: Database) throws -> Removal {
    _ = try sweepRecord(id, database)
    var removal = Removal(sweep: try storedSweeps(database, id: id).first)
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT run.identity, MIN(variant.label), run.seed FROM variant JOIN cell ON cell.variant_id = variant.id
        JOIN run ON run.id = cell.run_id WHERE variant.sweep_id = ?
        GROUP BY run.id ORDER BY MIN(variant.position), MIN(cell.position)
        """, arguments: [id])
    for row in rows {
      let run = RunIdentity(hash: ContentHash(hexadecimal: row[0]))
      let item = try item(
        run, label: "\(row[1] as String), seed \(UInt64(bitPattern: row[2])) (\(run.short))", without: id, database)
      if item.sweeps.isEmpty { removal.removed.append(item) } else { removal.kept.append(item) }
    }
    removal.foreignFiles = try removal.removed.flatMap { try folder(of: $0.run).foreignFiles() }
    if let files = eventFiles(of: removal.sweep)?.files() {
      removal.eventByteCount = files.own.reduce(0) { $0 + RunFolder.byteCount($1) }
      removal.foreignFiles += files.foreign
    }
    return removal
  }

  private func removal(ofRun run: RunIdentity, _ database: Database) throws -> Removal {
    let item = try item(run, label: run.short, without: nil, database)
    return Removal(removed: [item], foreignFiles: try folder(of: run).foreignFiles())
  }

  private func item(
    _ run: RunIdentity, label: String, without sweep: Int64?, _ database: Database
  ) throws -> Removal.Item {
    let standing = try standing(of: run, database)
    let sweeps = try String.fetchAll(
      database,
      sql: """
        SELECT DISTINCT sweep.name || ' (sweep ' || sweep.id || ')' FROM cell
        JOIN variant ON variant.id = cell.variant_id JOIN sweep ON sweep.id = variant.sweep_id
        WHERE cell.run_id = ? AND sweep.id IS NOT ? ORDER BY sweep.id
        """, arguments: [standing.record.id, sweep])
    return Removal.Item(
      run: run, label: label, state: standing.state, byteCount: try folder(of: run).ownByteCount(), sweeps: sweeps,
      trainer: standing.trainer)
  }

  // MARK: Files

  private func eventFiles(of sweep: StoredSweep?) -> SweepEventFiles? {
    sweep.map { SweepEventFiles(results: folder, name: $0.name, id: $0.id) }
  }

  /// Removes rows in one transaction, and the files of the runs with them.
  ///
  /// Folders are taken out of the way before the rows are gone, under the name of unfinished files, and put back where
  /// that fails; a process that dies in between leaves such a folder, which ``StoreCleaning`` finds.
  private func removing(_ body: (Database) throws -> Removal) throws -> Removal {
    var moved: [(folder: RunFolder, aside: RunFolder)] = []
    do {
      let removal = try write { database in
        let removal = try body(database)
        for item in removal.removed {
          let folder = folder(of: item.run)
          guard access(folder.path, F_OK) == 0 else { continue }
          let aside = RunFolder(path: "\(folder.path)\(RunFolder.temporaryMark)\(getpid())", run: item.run)
          guard rename(folder.path, aside.path) == 0 else { throw FileError(action: "remove", path: folder.path) }
          moved.append((folder, aside))
        }
        return removal
      }
      for (folder, aside) in moved {
        try aside.removeOwnFiles()
        // What labrun has not written stays where it was.
        if rmdir(aside.path) != 0 { rename(aside.path, folder.path) }
      }
      // The number of a sweep is never given again, so that nothing takes what a kill leaves here for its own.
      try eventFiles(of: removal.sweep)?.remove()
      for capsule in removal.removed.flatMap({ capsules(of: $0.run) }) { try StoreCleaning.removeLeftover(capsule) }
      return removal
    } catch {
      for (folder, aside) in moved where access(aside.path, F_OK) == 0 { rename(aside.path, folder.path) }
      throw error
    }
  }
}

extension Removal {
  fileprivate func checkNobodyTrains() throws(StoreError) {
    guard let item = trained.first, let trainer = item.trainer else { return }
    throw StoreError.busy(run: item.label, owner: trainer)
  }
}

extension RunFolder {
  /// Whether labrun writes files of a name here.
  static func isOwn(_ name: String) -> Bool {
    func isPlain(_ name: Substring) -> Bool {
      File(rawValue: String(name)) != nil || name.hasPrefix(lesionPrefix) && name.hasSuffix(".h5")
        || name.hasPrefix(lesionPrefix) && name.hasSuffix(".h5.lock") || isOfProgram(name)
    }
    for mark in [temporaryMark, asideMark] {
      if let range = name.range(of: mark) { return isPlain(name[..<range.lowerBound]) }
    }
    return isPlain(name[...])
  }

  /// The paths of files that labrun has not written.
  func foreignFiles() throws -> [String] {
    try entries().filter { !RunFolder.isOwn($0) }.sorted().map { "\(path)/\($0)" }
  }

  /// The size of labrun's files, in bytes.
  func ownByteCount() throws -> Int {
    try entries().filter(RunFolder.isOwn).reduce(0) { $0 + RunFolder.byteCount("\(path)/\($1)") }
  }

  /// Removes labrun's files.
  func removeOwnFiles() throws {
    for name in try entries() where RunFolder.isOwn(name) { try remove(name) }
  }

  /// The size of a file, or of all files of a folder, in bytes; 0 where it is gone.
  static func byteCount(_ path: String) -> Int {
    var status = stat()
    guard lstat(path, &status) == 0 else { return 0 }
    guard status.st_mode & S_IFMT == S_IFDIR else { return Int(status.st_size) }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.reduce(0) { $0 + byteCount("\(path)/\($1)") }
  }
}
