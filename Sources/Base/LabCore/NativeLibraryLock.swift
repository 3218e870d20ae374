import Foundation

/// Serialises the use of system libraries that may be entered by one thread at a time.
///
/// Every module that calls such a library does so within its lock, so that modules which know nothing of each
/// other can use it in one process.
public enum NativeLibraryLock {
  private static let hdf5 = NSRecursiveLock()

  /// Runs `body` while no other thread is within HDF5; calls may be nested on one thread.
  ///
  /// Distributions build HDF5 without thread safety: two concurrent calls, even on different files, corrupt
  /// its internal tables.
  public static func withHDF5<R>(_ body: () throws -> R) rethrows -> R {
    hdf5.lock()
    defer { hdf5.unlock() }
    return try body()
  }
}
