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
    var descriptor: Int32
    repeat {
      descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw FileError(action: "create", path: path) }
      if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
        waiting()
        while flock(descriptor, LOCK_EX) != 0 && errno == EINTR {}
      }
      // Whoever removed the file meanwhile has left the next one another lock.
      if names(path, descriptor) { break }
      close(descriptor)
    } while true
    defer { close(descriptor) }
    return try body()
  }

  /// Removes a lock's file, unless a process holds it.
  ///
  /// - Returns: whether it is gone.
  /// - Throws: ``FileError`` where the system refuses.
  public static func remove(_ path: String) throws -> Bool {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return true }
      throw FileError(action: "open", path: path)
    }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, names(path, descriptor) else { return false }
    guard unlink(path) == 0 || errno == ENOENT else { throw FileError(action: "remove", path: path) }
    return true
  }

  /// Whether a path is that of an open file.
  private static func names(_ path: String, _ descriptor: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    guard stat(path, &named) == 0, fstat(descriptor, &opened) == 0 else { return false }
    return named.st_dev == opened.st_dev && named.st_ino == opened.st_ino
  }
}
