import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that is read in parts, so that what it claims can be compared with its size before room is made for it.
public final class SizedFile {
  /// The file.
  public let path: String
  /// The file's size in bytes when it was opened.
  public let byteCount: Int
  private let descriptor: Int32

  /// Opens a regular file.
  ///
  /// - Throws: ``FileError`` where it is not there, may not be read, or is no regular file.
  public init(_ path: String) throws {
    let (descriptor, status) = try SizedFile.open(path)
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FileError(action: "read", path: path, code: ESPIPE)
    }
    self.path = path
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Some bytes of the file.
  ///
  /// - Parameters:
  ///   - offset: where they begin, in bytes; not beyond the file's end.
  ///   - count: how many there are; fewer are given at the file's end.
  /// - Throws: ``FileError`` where they cannot be read, or the file has become shorter.
  public func bytes(at offset: Int, count: Int) throws -> Data {
    let count = max(0, min(count, byteCount - offset))
    var data = Data(count: count)
    let filled = try data.withUnsafeMutableBytes { buffer in
      try SizedFile.fill(buffer, path: path) { pread(descriptor, $0, $1, off_t(offset + $2)) }
    }
    guard filled == count else { throw FileError(action: "read", path: path, code: EIO) }
    return data
  }

  /// The whole of a file that may be of any kind; nil where it is larger than a limit, of which nothing is read then.
  ///
  /// - Throws: ``FileError``.
  public static func contents(of path: String, atMost limit: Int) throws -> Data? {
    let (descriptor, status) = try open(path)
    defer { close(descriptor) }
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    guard !isRegular || status.st_size <= limit else { return nil }
    // A pipe does not say how much will come, and a file may grow.
    var data = Data()
    var room = isRegular ? Int(status.st_size) + 1 : 1 << 20
    while data.count <= limit {
      var piece = Data(count: room)
      let filled = try piece.withUnsafeMutableBytes { buffer in
        try fill(buffer, path: path) { pointer, count, _ in read(descriptor, pointer, count) }
      }
      data += piece.prefix(filled)
      if filled < room { return data.count <= limit ? data : nil }
      room = 1 << 20
    }
    return nil
  }

  private static func open(_ path: String) throws -> (descriptor: Int32, status: stat) {
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(action: "open", path: path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw FileError(action: "inspect", path: path, code: code)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      close(descriptor)
      throw FileError(action: "read", path: path, code: EISDIR)
    }
    return (descriptor, status)
  }

  /// Calls `read` until the buffer is full or the file has ended.
  private static func fill(
    _ buffer: UnsafeMutableRawBufferPointer, path: String,
    read: (_ pointer: UnsafeMutableRawPointer, _ count: Int, _ offset: Int) -> Int
  ) throws -> Int {
    var filled = 0
    while filled < buffer.count, let base = buffer.baseAddress {
      let count = read(base + filled, min(buffer.count - filled, 1 << 30), filled)
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(action: "read", path: path)
      }
      if count == 0 { break }
      filled += count
    }
    return filled
  }
}
