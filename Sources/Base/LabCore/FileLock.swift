import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A lock among processes, which the system releases should its holder die.
public enum FileLock {
  /// Runs `body` while this process alone holds the lock.
  ///
  /// On a file system without locks `body` runs at once, so that what it writes must be replaced whole in any case.
  ///
  /// - Parameters:
  ///   - path: the lock's file, which is created where it is missing and stays; its folder must exist.
  ///   - waiting: called once where another process holds the lock.
  ///   - body: what is done under the lock.
  /// - Throws: what `body` throws, or ``FileError`` where the file cannot be created.
  public static func hold<R>(_ path: String, waiting: () -> Void = {}, _ body: () throws -> R) throws -> R {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(action: "create", path: path) }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      waiting()
      while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
    }
    return try body()
  }
}
