import CZlib
import Foundation
import LabCore

/// The file of one decoded data set: a fixed header, the images as they are used, and a description at the end.
///
/// Layout: 64 bytes of header; the training images; the test images; the description as JSON. Numbers are in the
/// machine's own byte order, since a cache never leaves its machine: another order reads as another version.
struct CacheFile {
  /// What the description holds.
  private struct Description: Codable {
    var manifest: DatasetManifest
    var contentHash: ContentHash
    /// The CRC-32 of each block of the images.
    var checksums: [UInt32]
  }

  private static let magic = UInt64(0x4154_4144_4241_4c0a)  // "\nLABDATA"
  /// Counted up whenever the layout changes.
  static let version = UInt64(1)
  private static let headerByteCount = 64
  private static let blockByteCount = 1 << 22

  /// Writes a data set that `fill` decodes; an existing file is replaced at once or not at all.
  static func write(
    _ path: String, manifest: DatasetManifest, fill: (DatasetPart, UnsafeMutableBufferPointer<UInt8>) throws -> Void
  ) throws {
    let trainByteCount = manifest.imageByteCount(of: .train)
    let imageByteCount = trainByteCount + manifest.imageByteCount(of: .test)
    try AtomicFile.replace(path) { temporary in
      let description = try {
        let file = try MappedFile.creating(temporary, byteCount: headerByteCount + imageByteCount)
        let start = (file.base + headerByteCount).bindMemory(to: UInt8.self, capacity: imageByteCount)
        try fill(.train, UnsafeMutableBufferPointer(start: start, count: trainByteCount))
        try fill(
          .test, UnsafeMutableBufferPointer(start: start + trainByteCount, count: imageByteCount - trainByteCount))
        let images = UnsafeRawBufferPointer(start: start, count: imageByteCount)
        let description = try JSONEncoder().encode(
          Description(
            manifest: manifest, contentHash: RawDataset.contentHash(of: manifest, images: images),
            checksums: checksums(of: images)))
        let header = [
          magic, version, UInt64(imageByteCount), UInt64(description.count),
          UInt64(description.withUnsafeBytes(checksum)),
        ]
        header.withUnsafeBytes { file.base.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        return description
      }()
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: temporary))
      defer { try? handle.close() }
      try handle.seekToEnd()
      try handle.write(contentsOf: description)
    }
  }

  /// Maps a data set; nil where the file is not there, is truncated or corrupt, or is of another version.
  static func read(_ path: String) throws -> RawDataset? {
    guard let file = try MappedFile.reading(path), file.byteCount >= headerByteCount else { return nil }
    func field(_ index: Int) -> UInt64 { file.base.load(fromByteOffset: index * 8, as: UInt64.self) }
    guard field(0) == magic, field(1) == version else { return nil }
    guard let imageByteCount = Int(exactly: field(2)), let descriptionByteCount = Int(exactly: field(3)),
      imageByteCount <= file.byteCount, descriptionByteCount <= file.byteCount,
      headerByteCount + imageByteCount + descriptionByteCount == file.byteCount
    else { return nil }
    let end = UnsafeRawBufferPointer(
      start: file.base + headerByteCount + imageByteCount, count: descriptionByteCount)
    guard UInt64(checksum(end)) == field(4),
      let description = try? JSONDecoder().decode(Description.self, from: Data(end)),
      description.manifest.imageByteCount(of: .train) + description.manifest.imageByteCount(of: .test)
        == imageByteCount
    else { return nil }
    let memory = MappedImageMemory(file: file, offset: headerByteCount, byteCount: imageByteCount)
    guard checksums(of: memory.bytes) == description.checksums else { return nil }
    return RawDataset(manifest: description.manifest, contentHash: description.contentHash, memory: memory)
  }

  /// The CRC-32 of each block, computed on all cores: this also brings the file into memory.
  private static func checksums(of bytes: UnsafeRawBufferPointer) -> [UInt32] {
    let blockCount = (bytes.count + blockByteCount - 1) / blockByteCount
    let source = SharedBytes(pointer: bytes)
    return [UInt32](unsafeUninitializedCapacity: blockCount) { buffer, count in
      let destination = SharedChecksums(pointer: buffer)
      DispatchQueue.concurrentPerform(iterations: blockCount) { block in
        let start = block * blockByteCount
        let range = start..<min(start + blockByteCount, source.pointer.count)
        destination.pointer[block] = checksum(UnsafeRawBufferPointer(rebasing: source.pointer[range]))
      }
      count = blockCount
    }
  }

  private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32_z(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count))
  }

  // Blocks are disjoint, so that no two iterations touch the same bytes.
  private struct SharedBytes: @unchecked Sendable { let pointer: UnsafeRawBufferPointer }
  private struct SharedChecksums: @unchecked Sendable { let pointer: UnsafeMutableBufferPointer<UInt32> }
}

/// The images within a mapped cache file.
private final class MappedImageMemory: ImageMemory {
  private let file: MappedFile
  private let offset: Int
  private let byteCount: Int

  init(file: MappedFile, offset: Int, byteCount: Int) {
    self.file = file
    self.offset = offset
    self.byteCount = byteCount
  }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: file.base + offset, count: byteCount) }
}
