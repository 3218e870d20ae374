import Foundation
import LabCore

/// Resamples and recolours the images of a decoded data set; the result is kept in the cache like any other.
struct ImageConversion: DatasetSource {
  let identity: [String]
  let origin: String
  private let raw: RawDataset
  private let resizer: ImageResizer

  private var target: ImageShape { resizer.target }

  /// Creates a conversion; nil where the images are as they should be.
  init?(of raw: RawDataset, imageSize: Int?, channels: Int?, fit: ImageFit, sourceIdentity: [String] = []) {
    let shape = raw.manifest.imageShape
    let target = ImageShape(
      channels: channels ?? shape.channels, height: imageSize ?? shape.height, width: imageSize ?? shape.width)
    guard target != shape else { return nil }
    self.raw = raw
    resizer = ImageResizer(target: target, fit: fit)
    origin = "its images of \(shape)"
    identity = sourceIdentity + ["converted-1", "\(target)"] + (fit == .squash ? [] : [fit.rawValue])
  }

  func manifest(progress: @escaping DataProgress) throws -> DatasetManifest {
    let channels = raw.manifest.imageShape.channels
    guard target.channels == channels || [1, 3].contains(channels) else {
      throw DataError.invalidOption(
        key: "channels", actual: "\(target.channels)", expected: "null, since the images have \(channels) channels")
    }
    var manifest = raw.manifest
    manifest.imageShape = target
    return manifest
  }

  func decodeImages(
    of part: DatasetPart, manifest: DatasetManifest, into destination: UnsafeMutableBufferPointer<UInt8>,
    progress: DecodingProgress
  ) throws {
    let shape = raw.manifest.imageShape
    let count = manifest.labels(of: part).count
    // Images are disjoint, and each is converted by one iteration.
    let pointers = Pointers(source: raw.images(of: part), destination: destination.baseAddress!)
    Parallel.forEachChunk(of: count, size: 256) { images in
      for image in images {
        resizer.resize(
          pointers.source + image * shape.elementCount, shape: shape,
          into: pointers.destination + image * target.elementCount)
      }
      progress.add(images.count)
    }
  }

  private struct Pointers: @unchecked Sendable {
    let source: UnsafePointer<UInt8>
    let destination: UnsafeMutablePointer<UInt8>
  }
}
