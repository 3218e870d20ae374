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
  /// Stores files so that a crash leaves the old ones or the new ones, or between two renames some of each.
  ///
  /// - Parameters:
  ///   - files: the files with their paths.
  ///   - willWrite: receives the files' seals before they are written.
  ///   - commit: wraps the moment at which the new files take the old ones' places.
  static func write(
    _ files: [(path: String, content: TensorGroup)], willWrite: ([FileSeal]) -> Void = { _ in },
    commit: (_ rename: () throws -> Void) throws -> Void = { try $0() }
  ) throws {
    let sealed = try files.map { path, content in
      var image = try content.encoded(path: path)
      let seal = FileSeal(of: image)
      image.replaceSubrange(0..<seal.text.count, with: seal.text)
      return (file: (path: path, data: image), seal: seal)
    }
    willWrite(sealed.map(\.seal))
    try StoreError.translatingFileErrors(files.first?.path ?? "") {
      try AtomicFile.write(sealed.map(\.file), commit: commit)
    }
  }

  /// Reads a file that ``write(_:willWrite:commit:)`` stored.
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
