import Foundation
import LabCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a sealed file says of its own bytes: their hash and their number.
struct FileSeal: Sendable, Hashable {
  /// SHA-256 of everything behind the user block, as 64 hexadecimal digits.
  var hash: String
  /// The file's length in bytes.
  var length: Int

  static let magic = "labrun-file-1"
  /// Enough for the seal's three lines.
  private static let longestText = 160

  init(hash: String, length: Int) {
    self.hash = hash
    self.length = length
  }

  /// The seal of a whole file in memory.
  init(of image: Data) {
    hash = ContentHash(of: image.dropFirst(TensorGroup.userBlockByteCount)).hexadecimal
    length = image.count
  }

  /// The text that the user block of the file begins with.
  var text: Data { Data("\(FileSeal.magic)\nlength \(length)\nsha256 \(hash)\n".utf8) }

  /// Reads the seal of a file without the rest of it; nil where there is no file.
  ///
  /// - Throws: ``StoreError/damagedFile(path:problem:)`` where it has no seal or another length than that says,
  ///   `FileError` where it cannot be read.
  static func read(_ path: String) throws -> FileSeal? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw FileError(action: "open", path: path)
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: longestText)
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    var status = stat()
    guard count >= 0, fstat(descriptor, &status) == 0 else { throw FileError(action: "read", path: path) }
    let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n", maxSplits: 3)
    guard lines.count == 4, lines[0] == magic, lines[1].hasPrefix("length "), lines[2].hasPrefix("sha256 "),
      let length = Int(lines[1].dropFirst("length ".count))
    else { throw StoreError.damagedFile(path: path, problem: "it does not begin with labrun's seal") }
    guard length == Int(status.st_size) else {
      throw StoreError.damagedFile(path: path, problem: "it has \(status.st_size) bytes, and \(length) were written")
    }
    return FileSeal(hash: String(lines[2].dropFirst("sha256 ".count)), length: length)
  }
}
