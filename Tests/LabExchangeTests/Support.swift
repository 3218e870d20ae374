import Foundation
import LabCore
import LabExchange
import LabRecords
import LabStore

/// A folder that is gone after a test.
final class ExchangeFolder {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("labrun-exchange-\(UUID().uuidString)").path

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and returns its path.
  func write(_ text: String, to name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }

  /// Imports a text as a file of a format.
  func read(
    _ text: String, as name: String = "runs.csv", format: String = "csv", _ options: ImportOptions = .init()
  ) throws -> SweepImport {
    try SweepImport(write(text, to: name), format: ImportFormats.named(format), options: options)
  }

  /// A store in the folder.
  func store() throws -> StudyStore { try StudyStore(folder: "\(path)/Results") }

  /// Stores an import and reads it back.
  func stored(_ found: SweepImport) throws -> Sweep {
    let store = try store()
    return try store.sweep(store.store(found.imported).id)
  }
}

/// A file of the repository.
func repositoryFile(_ path: String) -> String {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(path).path
}

/// A file of the fixtures.
func fixture(_ name: String) -> String {
  (Bundle.module.resourceURL ?? URL(fileURLWithPath: ".")).appendingPathComponent("Fixtures/\(name)").path
}

extension ExportedResults {
  /// What a store has of a sweep.
  init(_ sweep: Sweep, in store: StudyStore) {
    self.init(sweep: sweep, epochs: { try store.epochs(of: $0) }, final: { try store.finalRecord(of: $0) })
  }
}
