import Foundation
import LabCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What tells that a file's content has not changed since it was decoded.
///
/// Size and time alone would not: a link may point to another file by now, and a file may be replaced by one of equal
/// size whose time was kept (`cp -p`, `rsync -t`, archives). Inode and time of status change tell these apart.
public struct FileIdentity: Hashable, Sendable {
  /// The path with all links followed, the size in bytes, the time of change in nanoseconds, the inode and the time of
  /// status change in nanoseconds, as one text.
  public let text: String

  /// Looks at a file, following links.
  ///
  /// - Throws: ``DataError/inaccessible(path:reason:remedy:code:)``.
  public init(path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else { throw Self.inaccessible(path, code: errno) }
    guard let resolved = realpath(path, nil) else { throw Self.inaccessible(path, code: errno) }
    defer { free(resolved) }
    #if canImport(Darwin)
      let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
    #else
      let (modified, changed) = (status.st_mtim, status.st_ctim)
    #endif
    let parts: [String] = [
      String(cString: resolved), "\(status.st_size)", Self.nanoseconds(modified), "\(status.st_ino)",
      Self.nanoseconds(changed),
    ]
    text = parts.joined(separator: "|")
  }

  private static func nanoseconds(_ time: timespec) -> String {
    let fraction = "\(time.tv_nsec)"
    return "\(time.tv_sec)." + String(repeating: "0", count: max(0, 9 - fraction.count)) + fraction
  }

  private static func inaccessible(_ path: String, code: Int32) -> DataError {
    let reason =
      code == ENOENT ? "it is not there" : "its size and time cannot be read (\(String(cString: strerror(code))))"
    return .unreadable(path, because: POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO), otherwise: reason)
  }
}
