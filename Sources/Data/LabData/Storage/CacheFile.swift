import CZlib
import Foundation
import LabCore

/// The file of one decoded data set: a fixed header, the images as they are used, numbers, and a description.
///
/// Layout: 64 bytes of header; the training images; the test images; the training labels, the test labels and the
/// training groups as 32-bit integers; the description as JSON. Numbers are in the machine's own byte order, since a
/// cache never leaves its machine: another order reads as another version.
enum CacheFile {
  /// Counted up whenever the layout changes.
  static let version = UInt64(2)

  private static let magic = UInt64(0x4154_4144_4241_4c0a)  // "\nLABDATA"
  private static let headerByteCount = 64
  private static let blockByteCount = 1 << 22

  /// What the file holds besides images and numbers.
  private struct Description: Codable {
    var imageShape: ImageShape
    var classNames: [String]
    var trainCount: Int
    var testCount: Int
    var hasGroups: Bool
    var contentHash: ContentHash
    /// The CRC-32 of each block of the images.
    var checksums: [UInt32]
    /// The files that were left out; nil where there are none.
    var skippedFiles: [String]?
    /// The number of training images that were published as validation images; nil where there are none.
    var validationCount: Int?
    /// What is odd about how the data are stored; nil where nothing is.
    var findings: [StoredFinding]?
    /// What image files said beside their pixels; nil where none did.
    var traits: ImageTraitTally?
    /// What a look at all images told.
    var facts: ImageFacts

    /// Whether the counts are those of a file with so many bytes of images and so many numbers.
    func fits(imageByteCount: Int, numberCount: Int) -> Bool {
      let counts = [trainCount, testCount, validationCount ?? 0]
      let extents = [imageShape.channels, imageShape.height, imageShape.width]
      // Bounded one by one, so that no product of them can overflow.
      guard counts.allSatisfy({ (0...numberCount).contains($0) }), extents.allSatisfy({ (1...1 << 20).contains($0) }),
        trainCount + testCount + (hasGroups ? trainCount : 0) == numberCount
      else { return false }
      let (product, overflow) = (trainCount + testCount).multipliedReportingOverflow(by: imageShape.elementCount)
      return !overflow && product == imageByteCount
    }
  }

  /// A finding as text.
  private struct StoredFinding: Codable {
    var severity: Finding.Severity
    var key: String
    var message: String
    var remedy: String?

    init(_ finding: Finding) {
      (severity, key) = (finding.severity, finding.key.description)
      (message, remedy) = (finding.message, finding.remedy)
    }

    var finding: Finding { Finding(severity, key: ConfigurationPath(key), message: message, remedy: remedy) }
  }

  /// Writes a data set that `fill` decodes; an existing file is replaced at once or not at all.
  ///
  /// - Parameter fill: decodes the images of a part, and returns what their files say beside the pixels.
  static func write(
    _ path: String, manifest: DatasetManifest,
    fill: (DatasetPart, UnsafeMutableBufferPointer<UInt8>) throws -> ImageTraitTally
  ) throws {
    let trainByteCount = manifest.imageByteCount(of: .train)
    let imageByteCount = trainByteCount + manifest.imageByteCount(of: .test)
    try AtomicFile.replace(path) { temporary in
      let file = try MappedFile.creating(temporary, byteCount: headerByteCount + imageByteCount)
      let start = (file.base + headerByteCount).bindMemory(to: UInt8.self, capacity: imageByteCount)
      let test = UnsafeMutableBufferPointer(start: start + trainByteCount, count: imageByteCount - trainByteCount)
      let traits =
        try manifest.traits + fill(.train, UnsafeMutableBufferPointer(start: start, count: trainByteCount))
        + fill(.test, test)
      let images = UnsafeRawBufferPointer(start: start, count: imageByteCount)
      let numbers = manifest.trainLabels + manifest.testLabels + (manifest.trainGroups ?? [])
      var tail = numbers.withUnsafeBytes { Data($0) }
      tail += try JSONEncoder().encode(
        Description(
          imageShape: manifest.imageShape, classNames: manifest.classNames, trainCount: manifest.trainLabels.count,
          testCount: manifest.testLabels.count, hasGroups: manifest.trainGroups != nil,
          contentHash: RawDataset.contentHash(of: manifest, images: images), checksums: checksums(of: images),
          skippedFiles: manifest.skippedFiles.isEmpty ? nil : manifest.skippedFiles,
          validationCount: manifest.validationCount == 0 ? nil : manifest.validationCount,
          findings: manifest.findings.isEmpty ? nil : manifest.findings.map(StoredFinding.init),
          traits: traits == ImageTraitTally() ? nil : traits,
          facts: ImageFacts(images: images, shape: manifest.imageShape)))
      let header = [
        magic, version, UInt64(imageByteCount), UInt64(numbers.count), UInt64(tail.count),
        UInt64(tail.withUnsafeBytes(checksum)),
      ]
      header.withUnsafeBytes { file.base.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: temporary))
      defer { try? handle.close() }
      try handle.seekToEnd()
      try handle.write(contentsOf: tail)
    }
  }

  /// Maps a data set; nil where the file is not there, is truncated or corrupt, or is of another version.
  static func read(_ path: String) throws -> RawDataset? {
    guard let file = try MappedFile.reading(path), file.byteCount >= headerByteCount else { return nil }
    func field(_ index: Int) -> UInt64 { file.base.load(fromByteOffset: index * 8, as: UInt64.self) }
    guard field(0) == magic, field(1) == version, let imageByteCount = Int(exactly: field(2)),
      let numberCount = Int(exactly: field(3)), let tailByteCount = Int(exactly: field(4)),
      imageByteCount <= file.byteCount, tailByteCount <= file.byteCount, numberCount <= tailByteCount / 4,
      headerByteCount + imageByteCount + tailByteCount == file.byteCount
    else { return nil }
    let tail = UnsafeRawBufferPointer(start: file.base + headerByteCount + imageByteCount, count: tailByteCount)
    guard UInt64(checksum(tail)) == field(5),
      let description = try? JSONDecoder().decode(Description.self, from: Data(tail[(numberCount * 4)...])),
      description.fits(imageByteCount: imageByteCount, numberCount: numberCount)
    else { return nil }
    let memory = MappedImageMemory(file: file, offset: headerByteCount, byteCount: imageByteCount)
    guard checksums(of: memory.bytes) == description.checksums else { return nil }

    func numbers(_ first: Int, _ count: Int) -> [Int32] {
      (first..<first + count).map { tail.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
    }
    let (trainCount, testCount) = (description.trainCount, description.testCount)
    var manifest = DatasetManifest(
      imageShape: description.imageShape, classNames: description.classNames, trainLabels: numbers(0, trainCount),
      trainGroups: description.hasGroups ? numbers(trainCount + testCount, trainCount) : nil,
      testLabels: numbers(trainCount, testCount))
    manifest.skippedFiles = description.skippedFiles ?? []
    manifest.validationCount = description.validationCount ?? 0
    manifest.findings = description.findings?.map(\.finding) ?? []
    manifest.traits = description.traits ?? ImageTraitTally()
    guard (try? manifest.validated(origin: path)) != nil else { return nil }
    return RawDataset(
      manifest: manifest, contentHash: description.contentHash, memory: memory, facts: description.facts)
  }

  /// The CRC-32 of each block, computed on all cores: this also brings the file into memory.
  private static func checksums(of bytes: UnsafeRawBufferPointer) -> [UInt32] {
    let blockCount = (bytes.count + blockByteCount - 1) / blockByteCount
    let source = SharedBytes(pointer: bytes)
    return [UInt32](unsafeUninitializedCapacity: blockCount) { buffer, count in
      let destination = SharedChecksums(pointer: buffer)
      Parallel.forEachChunk(of: bytes.count, size: blockByteCount) { range in
        destination.pointer[range.lowerBound / blockByteCount] = checksum(
          UnsafeRawBufferPointer(rebasing: source.pointer[range]))
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
