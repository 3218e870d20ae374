import Foundation
import LabCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// HDF5 files that carry the hash of their own bytes, so that a torn or altered one is never taken for whole.
///
/// The hash stands in the file's user block, 512 bytes before the HDF5 superblock that every HDF5 reader skips.
enum SealedFile {
  /// Stores a file so that a crash leaves the old one or the new one.
  ///
  /// - Parameters:
  ///   - sealed: receives the file's seal before it is written.
  ///   - commit: wraps the moment at which the new file takes the old one's place.
  static func write(
    _ content: TensorGroup, to path: String, sealed: (FileSeal) -> Void = { _ in },
    commit: (_ rename: () throws -> Void) throws -> Void = { try $0() }
  ) throws {
    var image = try content.encoded(path: path)
    let seal = FileSeal(of: image)
    image.replaceSubrange(0..<seal.text.count, with: seal.text)
    sealed(seal)
    try StoreError.translatingFileErrors(path) { try AtomicFile.write(image, to: path, commit: commit) }
  }

  /// Reads a file that ``write(_:to:commit:)`` stored.
  ///
  /// - Throws: ``StoreError/damagedFile(path:problem:)`` where a single bit differs, `FileError` where it cannot be read.
  static func read(_ path: String) throws -> TensorGroup {
    let file = try SizedFile(path)
    let head = try file.bytes(at: 0, count: TensorGroup.userBlockByteCount)
    guard isSealed(head) else {
      throw StoreError.damagedFile(path: path, problem: "it does not begin with labrun's seal")
    }
    // A file that is cut off, or goes on, is not read whole to find that out.
    guard head.starts(with: Data("\(FileSeal.magic)\nlength \(file.byteCount)\n".utf8)) else {
      throw StoreError.damagedFile(path: path, problem: "its content is not what was written")
    }
    let image = try file.bytes(at: 0, count: file.byteCount)
    let seal = FileSeal(of: image).text
    guard image.count >= TensorGroup.userBlockByteCount, image.prefix(seal.count) == seal,
      image[seal.count..<TensorGroup.userBlockByteCount].allSatisfy({ $0 == 0 })
    else { throw StoreError.damagedFile(path: path, problem: "its content is not what was written") }
    return try TensorGroup(decoding: image, path: path)
  }

  /// Whether bytes begin like a sealed file.
  static func isSealed(_ bytes: Data) -> Bool { bytes.starts(with: Data(FileSeal.magic.utf8)) }
}
