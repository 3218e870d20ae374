import Foundation
import LabCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file whose bytes appear in memory, shared with every process that maps it.
final class MappedFile: @unchecked Sendable {
  // The mapping is fixed for the object's life; a writable one is filled by one owner before it is shared.
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  private init(base: UnsafeMutableRawPointer, byteCount: Int) {
    self.base = base
    self.byteCount = byteCount
  }

  deinit { munmap(base, byteCount) }

  /// Maps an existing file for reading; nil where it is not there or is empty.
  ///
  /// - Throws: `FileError` where it is there and cannot be mapped.
  static func reading(_ path: String) throws -> MappedFile? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw FileError(action: "open", path: path)
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(action: "inspect", path: path) }
    guard status.st_size > 0 else { return nil }
    return try map(descriptor, byteCount: Int(status.st_size), protection: PROT_READ, path: path)
  }

  /// Creates a file of a size and maps it for writing.
  ///
  /// The blocks are reserved first: a write through a mapping has no way to report that the disk is full. Nothing is
  /// reserved, and so taken from everybody else, where there is not enough.
  static func creating(_ path: String, byteCount: Int) throws -> MappedFile {
    try FreeSpace.require(byteCount, for: path)
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(action: "create", path: path) }
    defer { close(descriptor) }
    #if canImport(Darwin)
      var request = fstore_t(
        fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0, fst_length: off_t(byteCount),
        fst_bytesalloc: 0)
      guard fcntl(descriptor, F_PREALLOCATE, &request) != -1, ftruncate(descriptor, off_t(byteCount)) == 0 else {
        throw FileError(action: "reserve \(byteCount) bytes for", path: path)
      }
    #else
      let code = posix_fallocate(descriptor, 0, off_t(byteCount))
      guard code == 0 else { throw FileError(action: "reserve \(byteCount) bytes for", path: path, code: code) }
    #endif
    return try map(descriptor, byteCount: byteCount, protection: PROT_READ | PROT_WRITE, path: path)
  }

  private static func map(_ descriptor: Int32, byteCount: Int, protection: Int32, path: String) throws -> MappedFile {
    guard let base = mmap(nil, byteCount, protection, MAP_SHARED, descriptor, 0), base != MAP_FAILED else {
      throw FileError(action: "map", path: path)
    }
    return MappedFile(base: base, byteCount: byteCount)
  }
}
