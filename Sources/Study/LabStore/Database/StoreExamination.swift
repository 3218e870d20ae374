import Foundation
import GRDB
import LabCore
import LabRecords

/// Looks at every byte of a results folder and compares files with the database; changes nothing.
public struct StoreExamination {
  private let store: StudyStore

  /// What was looked at.
  public private(set) var runCount = 0
  /// The files whose every byte was compared with their seal.
  public private(set) var fileCount = 0
  /// What does not fit.
  public private(set) var problems: [StoreProblem] = []

  /// Examines a store.
  ///
  /// - Throws: ``StoreError`` where the database cannot be read at all.
  public init(_ store: StudyStore) throws {
    self.store = store
    try examineDatabase()
    do {
      try examineRuns()
    } catch let error as StoreError where !problems.isEmpty {
      add(store.path, "the rest cannot be read: \(error)", "restore the database first, then look again")
    }
    examineFolder()
  }

  private mutating func add(
    as severity: StoreProblem.Severity = .problem, _ path: String, run: RunIdentity? = nil, _ text: String,
    _ remedy: String
  ) {
    problems.append(StoreProblem(severity: severity, path: path, run: run?.short, text: text, remedy: remedy))
  }

  // MARK: Database

  private mutating func examineDatabase() throws {
    var faults: [String] = []
    var orphans: [String] = []
    do {
      faults = try store.read { try String.fetchAll($0, sql: "PRAGMA integrity_check(20)") }.filter { $0 != "ok" }
      // The first column names the table of a row whose owner is missing.
      orphans = try store.read { try Row.fetchAll($0, sql: "PRAGMA foreign_key_check").map { $0[0] as String } }
    } catch StoreError.damagedDatabase(_, let problem) {
      faults.append(problem)
    }
    let restore =
      "stop sweeps and restore it from a copy, or save what is left by `sqlite3 \(store.path) \".recover\" | sqlite3 COPY`"
    for fault in faults { add(store.path, "SQLite finds the database damaged: \(fault)", restore) }
    for table in Set(orphans).sorted() {
      let count = orphans.count { $0 == table }
      add(store.path, "\(count) rows of the table \(table) belong to rows that are missing", restore)
    }
  }

  // MARK: Runs

  private struct Known {
    var record: RunRecord
    var lineage: RunLineage
    var noted: [FileRecord]
    var isLive: Bool
    var epochs: [Int]
  }

  private mutating func examineRuns() throws {
    let known = try store.read { database in
      try RunRecord.order(sql: "id").fetchAll(database).map { record in
        let lease = try LeaseRecord.fetchOne(database, key: record.id)
        let owner = try lease.flatMap { lease in
          try AttemptRecord.fetchOne(
            database, sql: "SELECT * FROM attempt WHERE run_id = ? AND number = ?",
            arguments: [record.id, lease.attempt])
        }?.owner
        return Known(
          record: record, lineage: try store.lineage(of: record.id, database),
          noted: try FileRecord.filter(sql: "run_id = ?", arguments: [record.id]).fetchAll(database),
          isLive: owner.flatMap { owner in lease.map { store.isLive($0, owner, at: store.options.now()) } } ?? false,
          epochs: try Int.fetchAll(
            database, sql: "SELECT epoch FROM epoch_timing WHERE run_id = ? ORDER BY epoch", arguments: [record.id]))
      }
    }
    var folders = Set<String>()
    for run in known {
      let folder = store.folder(of: RunIdentity(hash: run.record.identity))
      folders.insert((folder.path as NSString).lastPathComponent)
      runCount += 1
      // What is being written changes under the eyes of the reader.
      guard !run.isLive else { continue }
      examineRows(run)
      try examineFiles(run, folder)
    }
    let runs = "\(store.folder)/runs"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: runs).sorted()) ?? []
    where !folders.contains(name) {
      if name.contains(RunFolder.temporaryMark) {
        add(
          "\(runs)/\(name)", "a process that died while it removed a run left this",
          "`labrun clean leftovers --yes` removes it")
        continue
      }
      add(
        "\(runs)/\(name)", "the database knows no run of this folder",
        "put it back beside its own database, or remove it")
    }
  }

  private mutating func examineRows(_ run: Known) {
    let identity = RunIdentity(hash: run.record.identity)
    let again = "train the run again: `labrun sweep SPEC --fresh --only …`"
    // A program reports the epochs that it likes.
    if run.record.completedEpochs != run.epochs.count
      || (run.record.plannedEpochs > 0 && run.lineage.epochs != run.epochs.count)
    {
      add(
        store.path, run: identity,
        "run \(identity.short) counts \(run.record.completedEpochs) epochs, and \(run.lineage.epochs) are on record "
          + "from the first one on", again)
    } else if run.record.state == .completed, run.record.plannedEpochs > 0, run.epochs.isEmpty {
      add(store.path, run: identity, "run \(identity.short) is completed and has no epoch on record", again)
    }
  }

  private mutating func examineFiles(_ run: Known, _ folder: RunFolder) throws {
    let identity = folder.run
    let isCompleted = run.record.state == .completed
    let again =
      isCompleted
      ? "start the sweep again: it trains the run from what is left" : "start the sweep again: it sets the file aside"
    let final = isCompleted ? try store.finalRecord(of: identity) : nil
    if isCompleted, final == nil {
      add(store.path, run: identity, "run \(identity.short) is completed and has no final metrics", again)
    }
    for file in RunFolder.File.allCases {
      let path = folder.path(of: file)
      let noted = run.noted.first { $0.name == file.rawValue }
      guard folder.has(file) else {
        // Runs that were trained elsewhere have no attempt, and earlier versions noted no files.
        let isOfEarlier = run.lineage.attempts.last.map { $0.token == nil } ?? false
        let isNeeded = noted != nil || (file == .finalWeights && isOfEarlier)
        if isCompleted, isNeeded {
          let severity: StoreProblem.Severity = file == .checkpoint ? .note : .problem
          add(
            as: severity, path, run: identity, "the file is gone",
            file == .checkpoint ? "nothing needs it any more: the run is completed" : again)
        }
        continue
      }
      do {
        let content = try folder.content(of: file)
        fileCount += 1
        let isCheckpoint = file == .checkpoint || file == .previousCheckpoint
        if let problem = run.lineage.misfit(of: FileOrigin(content), isCheckpoint: isCheckpoint) {
          add(path, run: identity, "the file \(problem)", again)
        } else if isCompleted, let noted, try FileSeal.read(path) != noted.seal {
          add(path, run: identity, "the file is whole, but not the one that the run stored", again)
        } else if let problem = content.contradiction(of: file, to: final) {
          add(path, run: identity, "the file \(problem)", again)
        }
      } catch let error as StoreError {
        add(path, run: identity, "\(error)", again)
      } catch let error as FileError {
        add(path, run: identity, "\(error)", "give the file's owner back the right to read it, and look again")
      }
    }
    for name in (try? folder.lesionNames()) ?? [] {
      let path = "\(folder.path)/\(name)"
      do {
        _ = try folder.readLesions(path)
        fileCount += 1
      } catch {
        add(path, run: identity, "\(error)", "remove it: `labrun lesion` evaluates the lesions again")
      }
    }
    for name in (try? folder.entries().sorted()) ?? [] {
      if name.contains(RunFolder.temporaryMark) {
        add(
          "\(folder.path)/\(name)", run: identity, "a process that died left this unfinished file",
          isCompleted ? "remove it" : "start the sweep again, which removes it, or remove it")
      } else if name.contains(RunFolder.asideMark) {
        add(
          as: .note, "\(folder.path)/\(name)", run: identity, "a sweep set this file aside because it did not fit",
          "look at it, if you know where it came from; nothing needs it")
      }
    }
  }

  // MARK: Folder

  private mutating func examineFolder() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: store.folder).sorted()) ?? [] {
      let path = "\(store.folder)/\(name)"
      if name.hasPrefix("labrun-rescued") {
        add(
          as: .note, path, "a sweep saved its database here when it was taken away",
          "rename it to \(StudyStore.databaseName) to use it in place of the present one, or remove it")
      } else if name.contains(RunFolder.temporaryMark) {
        add(path, "a process that died left this unfinished file", "remove it")
      }
    }
  }
}

extension TensorGroup {
  /// How a file of a completed run contradicts what the database keeps of the run; nil where it does not.
  func contradiction(of file: RunFolder.File, to final: FinalRecord?) -> String? {
    guard let final else { return nil }
    switch file {
    case .finalWeights:
      guard let expected = final.weightsHash, let found = tensors.weightsHash else { return nil }
      return found == expected ? nil : "holds other weights than those whose hash the database has"
    case .bestWeights:
      guard let epoch = final.bestEpoch, attributes[FileOrigin.Key.epoch] != .integer(Int64(epoch)) else { return nil }
      return "is not of epoch \(epoch + 1), the best one"
    case .predictions:
      let confusion = tensor("confusion")?.integers
      guard let expected = final.confusion?.counts, confusion != expected.map(Int64.init) else { return nil }
      return "counts other predictions than the database"
    case .checkpoint, .previousCheckpoint: return nil
    }
  }
}

extension StudyStore {
  /// Reads weights of a run, and checks that they are those that the database knows.
  ///
  /// - Throws: ``StoreError`` where they are damaged or others, `FileError` where they cannot be read.
  public func weights(_ file: RunFolder.File, of run: RunIdentity) throws -> TensorGroup {
    let folder = folder(of: run)
    let content = try folder.content(of: file)
    let final = try self.run(run)?.state == .completed ? finalRecord(of: run) : nil
    let problem =
      try lineage(of: run).misfit(of: FileOrigin(content), isCheckpoint: false)
      ?? content.contradiction(of: file, to: final)
    if let problem {
      throw StoreError.misfit(
        path: folder.path(of: file),
        problem: "\(problem): the weights of run \(run.short) are lost; start its sweep again")
    }
    return content
  }
}
