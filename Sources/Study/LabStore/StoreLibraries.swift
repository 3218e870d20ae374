import CHDF5
import GRDB
import LabCore

/// The libraries that results are kept with.
public enum StoreLibraries {
  /// The version of the HDF5 library that is loaded, such as `1.10.8`.
  public static var hdf5Version: String {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    return NativeLibraryLock.withHDF5 {
      // Before any other call, also here: see there.
      labH5SilenceErrors()
      return H5get_libversion(&major, &minor, &release) >= 0 ? "\(major).\(minor).\(release)" : "unknown"
    }
  }

  /// The version of the SQLite library that is loaded, such as `3.40.1`.
  public static var sqliteVersion: String {
    (try? DatabaseQueue().read { try String.fetchOne($0, sql: "SELECT sqlite_version()") }) ?? "unknown"
  }
}
