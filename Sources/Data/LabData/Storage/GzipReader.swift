import CZlib
import Foundation

/// Reads a file from its beginning, decompressed where it is gzipped.
final class GzipReader {
  /// The file.
  let path: String
  /// The most bytes that the file's content can have; deflate shrinks by 1,032 at most.
  let largestContent: Int
  private let handle: gzFile

  /// Opens a file.
  ///
  /// - Throws: ``DataError/inaccessible(path:reason:remedy:)``.
  init(path: String) throws {
    guard let handle = gzopen(path, "rb") else {
      throw DataError.inaccessible(
        path: path, reason: String(cString: strerror(errno)), remedy: "check that it exists and may be read",
        code: errno)
    }
    self.path = path
    self.handle = handle
    var status = stat()
    let isRegular = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    let size = isRegular ? Int(status.st_size) : .max
    // Looks at the first bytes, and so needs the handle.
    largestContent = gzdirect(handle) == 1 ? size : size.multipliedReportingOverflow(by: 1_032).partialValue
    gzbuffer(handle, 1 << 18)
  }

  deinit { gzclose(handle) }

  /// Fills the buffer and returns how many bytes there were, which is fewer at the end of the file only.
  ///
  /// - Throws: ``DataError/malformedFile(path:actual:expected:)`` where compressed data are damaged or cut off.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      let wanted = UInt32(min(buffer.count - filled, 1 << 30))
      let count = gzread(handle, buffer.baseAddress! + filled, wanted)
      if count <= 0 { break }
      filled += Int(count)
    }
    var code: Int32 = Z_OK
    let message = gzerror(handle, &code).map { String(cString: $0) } ?? ""
    switch code {
    case Z_OK, Z_STREAM_END: return filled
    case Z_BUF_ERROR:
      throw DataError.malformedFile(
        path: path, actual: "ends within its compressed data", expected: "a complete gzip file; fetch it again")
    case Z_ERRNO:
      throw DataError.inaccessible(
        path: path, reason: String(cString: strerror(errno)), remedy: "check the disk that it is on", code: errno)
    default:
      throw DataError.malformedFile(
        path: path, actual: "has damaged compressed data (\(message))", expected: "a valid gzip file; fetch it again")
    }
  }
}
