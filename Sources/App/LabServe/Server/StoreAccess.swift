import Foundation
import LabStore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The store of a results folder for reading, opened again where another database has taken its place.
final class StoreAccess: Sendable {
  private struct State {
    var store: StudyStore?
    var place = ""
    var openings = 0
  }

  /// The results folder.
  let folder: String
  private let state = Mutex(State())

  init(folder: String) { self.folder = folder }

  /// How often a store has been opened.
  var openings: Int { state.withLock { $0.openings } }

  /// The store.
  ///
  /// - Throws: what opening throws.
  func store() throws -> StudyStore {
    try state.withLock { state in
      let path = "\(folder)/\(StudyStore.databaseName)"
      var place = StoreAccess.place(path)
      // A copy of an older database does not see what is written.
      if state.store?.isCopy == true { place += " " + StoreAccess.time(path) + " " + StoreAccess.time(path + "-wal") }
      if let store = state.store, place == state.place { return store }
      let store = try StudyStore(reading: folder)
      state.store = store
      state.openings += 1
      if store.isCopy {
        place = StoreAccess.place(path) + " " + StoreAccess.time(path) + " " + StoreAccess.time(path + "-wal")
      }
      state.place = place
      return store
    }
  }

  /// Which file lies at a path.
  private static func place(_ path: String) -> String {
    var status = stat()
    return stat(path, &status) == 0 ? "\(status.st_dev) \(status.st_ino)" : "none"
  }

  /// When a file was last written.
  private static func time(_ path: String) -> String {
    let date = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    return date.map { "\($0.timeIntervalSince1970)" } ?? "none"
  }
}
