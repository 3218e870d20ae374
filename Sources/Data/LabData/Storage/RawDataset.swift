import LabCore

/// A decoded data set: 8-bit images in memory or in a mapped file, with labels, groups and class names.
///
/// Immutable, so any number of threads may read it.
public final class RawDataset: Sendable {
  /// Everything but the images.
  public let manifest: DatasetManifest
  /// The hash of shape, class names, labels, groups and images; independent of where they came from.
  public let contentHash: ContentHash
  /// What a look at all images told.
  let facts: ImageFacts
  private let memory: any ImageMemory

  /// - Parameter facts: what a look at all images told; nil takes one.
  init(manifest: DatasetManifest, contentHash: ContentHash, memory: any ImageMemory, facts: ImageFacts? = nil) {
    self.manifest = manifest
    self.contentHash = contentHash
    self.memory = memory
    self.facts = facts ?? ImageFacts(images: memory.bytes, shape: manifest.imageShape)
  }

  /// Takes images from arrays, height × width × channels bytes each, one after the other.
  ///
  /// - Throws: ``DataError/malformedFile(path:actual:expected:)`` where sizes, labels or groups do not fit.
  public convenience init(manifest: DatasetManifest, trainImages: [UInt8], testImages: [UInt8]) throws {
    let origin = "the given data set"
    let manifest = try manifest.validated(origin: origin)
    for (part, images) in [(DatasetPart.train, trainImages), (.test, testImages)] {
      guard images.count == manifest.imageByteCount(of: part) else {
        throw DataError.malformedFile(
          path: origin, actual: "has \(images.count) bytes of \(part.rawValue) images",
          expected: "\(manifest.imageByteCount(of: part))")
      }
    }
    let memory = OwnedImageMemory(byteCount: trainImages.count + testImages.count)
    memory.storage.copyBytes(from: trainImages)
    UnsafeMutableRawBufferPointer(rebasing: memory.storage[trainImages.count...]).copyBytes(from: testImages)
    self.init(
      manifest: manifest, contentHash: RawDataset.contentHash(of: manifest, images: memory.bytes), memory: memory)
  }

  /// The first byte of each part's images; valid as long as the data set is.
  func images(of part: DatasetPart) -> UnsafePointer<UInt8> {
    let base = memory.bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
    return part == .train ? base : base + manifest.imageByteCount(of: .train)
  }

  /// The bytes of one image, row by row, the channels of a pixel side by side.
  public func pixels(at index: Int, of part: DatasetPart) -> [UInt8] {
    precondition(manifest.labels(of: part).indices.contains(index), "image index out of range")
    let size = manifest.imageShape.elementCount
    return Array(UnsafeBufferPointer(start: images(of: part) + index * size, count: size))
  }

  /// The images resampled to a height and width, and turned grey (1 channel) or into three equal channels (3).
  ///
  /// - Parameters:
  ///   - imageSize: the height and width in pixels; nil keeps the images' own.
  ///   - channels: 1 or 3; nil keeps the images' own.
  ///   - fit: how images that are not square are brought to a square.
  /// - Returns: this data set where nothing is to be changed; else a new one in memory.
  /// - Throws: ``DataError/invalidOption(key:actual:expected:)`` where the images are neither grey nor RGB.
  public func converted(imageSize: Int?, channels: Int?, fit: ImageFit = .squash) throws -> RawDataset {
    guard let conversion = ImageConversion(of: self, imageSize: imageSize, channels: channels, fit: fit) else {
      return self
    }
    let manifest = try conversion.manifest { _ in }
    let byteCount = manifest.imageByteCount(of: .train)
    let memory = OwnedImageMemory(byteCount: byteCount + manifest.imageByteCount(of: .test))
    let bytes = memory.storage.bindMemory(to: UInt8.self)
    for (part, range) in [(DatasetPart.train, 0..<byteCount), (.test, byteCount..<bytes.count)] {
      let silent = DecodingProgress("", total: 0) { _ in }
      try conversion.decodeImages(of: part, manifest: manifest, into: .init(rebasing: bytes[range]), progress: silent)
    }
    let hash = RawDataset.contentHash(of: manifest, images: memory.bytes)
    return RawDataset(manifest: manifest, contentHash: hash, memory: memory)
  }

  /// The hash of a manifest and the images of both parts, training first.
  static func contentHash(of manifest: DatasetManifest, images: UnsafeRawBufferPointer) -> ContentHash {
    var hasher = ContentHasher()
    hasher.update("labrun-data-1")
    let shape = manifest.imageShape
    hasher.update("\(shape.channels) \(shape.height) \(shape.width) \(manifest.classNames.count)")
    for name in manifest.classNames { hasher.update(name) }
    for numbers in [manifest.trainLabels, manifest.testLabels, manifest.trainGroups ?? []] {
      hasher.update("\(numbers.count)")
      numbers.map(\.littleEndian).withUnsafeBytes { hasher.update($0) }
    }
    if manifest.validationCount > 0 { hasher.update("validation \(manifest.validationCount)") }
    hasher.update(images)
    return hasher.finish()
  }
}

/// Bytes that stay where they are as long as their owner lives.
protocol ImageMemory: AnyObject, Sendable {
  /// The training images, then the test images.
  var bytes: UnsafeRawBufferPointer { get }
}

/// Images in the process's own memory.
final class OwnedImageMemory: ImageMemory, @unchecked Sendable {
  // Written by the one who creates the object, before anyone else has it, and only read afterwards.
  let storage: UnsafeMutableRawBufferPointer

  init(byteCount: Int) { storage = .allocate(byteCount: byteCount, alignment: 64) }

  deinit { storage.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(storage) }
}
