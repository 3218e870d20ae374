import BackendOneDNN
import LabData
import LabStore

/// The versions of the libraries that results depend on.
package enum LibraryVersions {
  /// Versions by the libraries' names.
  package static var all: [String: String] {
    [
      "oneDNN": OneDNNBackend.libraryVersion, "HDF5": StoreLibraries.hdf5Version,
      "SQLite": StoreLibraries.sqliteVersion,
    ].merging(DataLibraries.versions) { $1 }
  }
}
