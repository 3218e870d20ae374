import CHDF5
import Foundation

/// The HDF5 library of this process.
///
/// Files, groups and data sets are opened, used and closed within ``locked(_:)``.
package enum HDF5Library {
  private static let lock = NSRecursiveLock()

  /// Runs `body` while no other thread is within HDF5, whose errors come through Swift only; calls may be nested on one
  /// thread.
  ///
  /// Distributions build HDF5 without thread safety: two concurrent calls, even on different files, corrupt
  /// its internal tables.
  package static func locked<R>(_ body: () throws -> R) rethrows -> R {
    lock.lock()
    defer { lock.unlock() }
    // Counts only before any other call of the library.
    labH5SilenceErrors()
    return try body()
  }

  /// The version that is loaded, such as `1.10.8`.
  package static var version: String {
    var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
    return locked { H5get_libversion(&major, &minor, &release) >= 0 ? "\(major).\(minor).\(release)" : "unknown" }
  }
}
