import Foundation
import LabCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a tar archive, which every tar reads; paths are those of results, and shorter than 100 bytes.
struct TarWriter {
  private let descriptor: Int32
  private let path: String
  private let name: String
  private static let pieceByteCount = 1 << 20

  /// Begins an archive in a file that does not exist yet.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - name: the path in errors.
  /// - Throws: `FileError`.
  init(_ path: String, named name: String) throws {
    self.path = path
    self.name = name
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(action: "create", path: name) }
  }

  /// Adds a folder.
  ///
  /// - Throws: `FileError`.
  func add(folder: String) throws { try write(TarHeader(path: folder + "/", kind: .folder, byteCount: 0).block) }

  /// Adds a file's bytes under a path.
  ///
  /// - Throws: `FileError`, also where the file becomes shorter meanwhile.
  func add(_ source: String, as path: String) throws {
    let file = try SizedFile(source)
    try write(TarHeader(path: path, kind: .file, byteCount: file.byteCount).block)
    for offset in stride(from: 0, to: file.byteCount, by: TarWriter.pieceByteCount) {
      try write(try file.bytes(at: offset, count: TarWriter.pieceByteCount))
    }
    let rest = file.byteCount % TarHeader.blockByteCount
    if rest > 0 { try write(Data(count: TarHeader.blockByteCount - rest)) }
  }

  /// Ends the archive, and closes it.
  ///
  /// - Throws: `FileError`.
  func finish() throws {
    try write(Data(count: 2 * TarHeader.blockByteCount))
    close()
  }

  /// Closes the file.
  func close() { Foundation.close(descriptor) }

  private func write(_ data: Data) throws {
    try data.withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let count = Foundation.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
        if count < 0 {
          if errno == EINTR { continue }
          throw FileError(action: "write", path: name)
        }
        offset += count
      }
    }
  }
}
