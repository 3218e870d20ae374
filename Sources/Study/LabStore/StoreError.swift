import Foundation
import LabCore
import LabRecords

/// A failure to keep or to find results.
public enum StoreError: Error, Equatable, CustomStringConvertible {
  /// The folder holds no results database.
  case noResults(folder: String)
  /// The database has no sweep: none was started, or its entries were left in the log when it was copied.
  case noSweeps(path: String)
  /// The database was made by a later version of the program.
  case schemaFromFuture(path: String, unknownMigrations: [String])
  /// The file is another program's database, or none at all.
  case notResultsDatabase(path: String)
  /// The database contradicts itself.
  case damagedDatabase(path: String, problem: String)
  /// The database was copied without the log that holds its newest entries.
  case copyWithoutLog(path: String)
  /// The database's log is there and the database is not.
  case logWithoutDatabase(path: String)
  /// Another process has locked the database for longer than the time given to wait.
  case locked(path: String, seconds: Double)
  /// There is no space left for what was to be written.
  case diskFull(path: String, code: Int32 = ENOSPC)
  /// The file or its folder may only be read.
  case readOnly(path: String)
  /// The database could not be opened or used for a reason that only the system knows.
  case database(path: String, problem: String)
  /// A file is torn, or its content is not what was written.
  case damagedFile(path: String, problem: String)
  /// A file is whole but holds something that cannot be used here.
  case unsupportedFile(path: String, problem: String)
  /// A file belongs to another run.
  case foreignFile(path: String, expected: RunIdentity, actual: String)
  /// A file and what the database knows of its run do not belong together.
  case misfit(path: String, problem: String)
  /// A run that was to be removed is being trained.
  case busy(run: String, owner: ProcessIdentity)
  /// A tensor cannot be stored under its name.
  case invalidTensor(name: String, problem: String)
  /// HDF5 refused a call.
  case hdf5(path: String, action: String, problem: String)

  /// One sentence that tells what could not be done, where, and why.
  public var description: String {
    switch self {
    case .noResults(let folder):
      "there are no results in \(folder): no sweep has been started there yet"
    case .noSweeps(let path):
      "\(path) has no sweep: none has been started there yet, or it was copied without "
        + "\((path as NSString).lastPathComponent)-wal while its first one was trained (copy both together)"
    case .schemaFromFuture(let path, let migrations):
      "\(path) was written by a newer version of labrun (it has \(migrations.joined(separator: ", "))): "
        + "update labrun, or choose another results folder; nothing was changed"
    case .notResultsDatabase(let path):
      "\(path) is not a results database of labrun; nothing was changed"
    case .damagedDatabase(let path, let problem):
      "the results database \(path) is damaged (\(problem)): restore it from a copy, or move it away to start anew"
    case .copyWithoutLog(let path):
      "\(path) holds nothing, because it was copied without \((path as NSString).lastPathComponent)-wal, in which its "
        + "entries were: copy both together, or copy with `sqlite3 \((path as NSString).lastPathComponent) "
        + "\".backup COPY\"`, which is safe while a sweep runs; nothing was changed"
    case .logWithoutDatabase(let path):
      "\(path) is missing, but its log \((path as NSString).lastPathComponent)-wal is there: put the database back "
        + "beside it (or a copy made by `sqlite3 … \".backup COPY\"`), or remove the log to start anew; "
        + "nothing was changed"
    case .locked(let path, let seconds):
      "\(path) has been locked by another process for \(seconds.formatted(.number.precision(.fractionLength(0...1)))) s: "
        + "close the program that holds it (a database browser, a backup) and start again; nothing that was stored is lost"
    case .diskFull(let path, EFBIG):
      "there is no space left to write \(path), which would exceed the limit on the size of files (ulimit -f): raise it "
        + "and start again; nothing that was stored is lost"
    case .diskFull(let path, EDQUOT):
      "there is no space left to write \(path) within your quota on the disk: free some and start again; nothing that was "
        + "stored is lost"
    case .diskFull(let path, _):
      "there is no space left to write \(path): free some and start again; nothing that was stored is lost"
    case .readOnly(let path):
      "\(path) may only be read: results can be shown but not added"
    case .database(let path, let problem): "the results database \(path) cannot be used: \(problem)"
    case .damagedFile(let path, let problem): "\(path) is damaged: \(problem)"
    case .unsupportedFile(let path, let problem): "\(path) cannot be used: \(problem)"
    case .foreignFile(let path, let expected, let actual):
      "\(path) belongs to run \(actual), expected run \(expected.hash.hexadecimal)"
    case .misfit(let path, let problem): "\(path) \(problem)"
    case .busy(let run, let owner):
      "\(run) is being trained by \(owner): stop its sweep first; nothing was removed"
    case .invalidTensor(let name, let problem): "the tensor \"\(name)\" cannot be stored: \(problem)"
    case .hdf5(let path, let action, let problem): "HDF5 cannot \(action) in \(path): \(problem)"
    }
  }
}

extension StoreError: MachineAttributable {
  /// Whether the machine is to blame, and not what was stored or asked for.
  public var isOfMachine: Bool {
    switch self {
    case .locked, .diskFull, .readOnly, .database: true
    default: false
    }
  }
}

extension StoreError: RunFailure {
  /// Whether the next attempt mends it: it sets aside what does not fit.
  public var isRetriable: Bool { if case .misfit = self { true } else { false } }

  /// Whether every other run would meet this error too.
  public var endsSweep: Bool {
    switch self {
    case .noResults, .noSweeps, .schemaFromFuture, .notResultsDatabase, .damagedDatabase, .locked, .diskFull,
      .readOnly, .database:
      true
    case .copyWithoutLog, .logWithoutDatabase, .busy: true
    case .damagedFile, .unsupportedFile, .foreignFile, .misfit, .invalidTensor, .hdf5: false
    }
  }
}

extension StoreError {
  /// Runs `body` and names the disk's state in the terms of this module where the system refuses to write.
  static func translatingFileErrors<R>(_ path: String, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as FileError where error.isDiskFull || error.code == EFBIG {
      throw StoreError.diskFull(path: path, code: error.code)
    } catch let error as FileError where [EROFS, EACCES, EPERM].contains(error.code) {
      throw StoreError.readOnly(path: path)
    }
  }
}
