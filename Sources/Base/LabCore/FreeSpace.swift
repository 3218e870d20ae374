import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The room on disks.
public enum FreeSpace {
  /// The bytes that the user may still write where a file or folder is, or would be; nil where the system does not tell.
  public static func bytes(at path: String) -> Int? {
    var folder = path.absolutePath
    while true {
      var status = statvfs()
      if statvfs(folder, &status) == 0 { return Int(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize)) }
      guard errno == ENOENT, folder != "/" else { return nil }
      folder = (folder as NSString).deletingLastPathComponent
    }
  }

  /// Refuses to begin what cannot be finished: writing a file of a size.
  ///
  /// - Throws: ``MachineError/space(path:needed:free:)``.
  public static func require(_ byteCount: Int, for path: String) throws {
    guard let free = bytes(at: path), free < byteCount else { return }
    throw MachineError.space(path: path, needed: byteCount, free: free)
  }
}
