import GRDB
import LabHDF5

/// The libraries that results are kept with.
public enum StoreLibraries {
  /// The version of the HDF5 library that is loaded, such as `1.10.8`.
  public static var hdf5Version: String { HDF5Library.version }

  /// The version of the SQLite library that is loaded, such as `3.40.1`.
  public static var sqliteVersion: String {
    (try? DatabaseQueue().read { try String.fetchOne($0, sql: "SELECT sqlite_version()") }) ?? "unknown"
  }
}
