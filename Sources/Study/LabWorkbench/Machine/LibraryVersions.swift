import LabData
import LabGraph
import LabStore

/// The versions of the libraries that results depend on, by the libraries' names.
package enum LibraryVersions {
  /// Those that every run depends on, besides its backend's.
  package static var common: [String: String] {
    ["HDF5": StoreLibraries.hdf5Version, "SQLite": StoreLibraries.sqliteVersion].merging(DataLibraries.versions) { $1 }
  }

  /// Those of some backends as well.
  package static func all(of backends: [any Backend]) -> [String: String] {
    backends.reduce(into: common) { $0.merge($1.description.libraries) { $1 } }
  }
}
