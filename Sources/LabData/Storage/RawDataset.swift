import LabCore

/// A decoded data set: 8-bit images in memory or in a mapped file, with labels, groups and class names.
///
/// Immutable, so any number of threads may read it.
public final class RawDataset: Sendable {
  /// Everything but the images.
  public let manifest: DatasetManifest
  /// The hash of shape, class names, labels, groups and images; independent of where they came from.
  public let contentHash: ContentHash
  private let memory: any ImageMemory

  init(manifest: DatasetManifest, contentHash: ContentHash, memory: any ImageMemory) {
    self.manifest = manifest
    self.contentHash = contentHash
    self.memory = memory
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
    let memory = OwnedImageMemory(bytes: trainImages + testImages)
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
  // Written before anyone else has the object, and only read afterwards.
  private let storage: UnsafeMutableRawBufferPointer

  init(bytes: [UInt8]) {
    storage = .allocate(byteCount: bytes.count, alignment: 64)
    storage.copyBytes(from: bytes)
  }

  deinit { storage.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(storage) }
}
