import Foundation
import LabCore

/// Resamples and recolours the images of a decoded data set; the result is kept in the cache like any other.
struct ImageConversion: DatasetSource {
  let identity: [String]
  let origin: String
  private let raw: RawDataset
  private let target: ImageShape

  /// Creates a conversion; nil where the images are as they should be.
  init?(of raw: RawDataset, imageSize: Int?, channels: Int?, sourceIdentity: [String] = []) {
    let shape = raw.manifest.imageShape
    target = ImageShape(
      channels: channels ?? shape.channels, height: imageSize ?? shape.height, width: imageSize ?? shape.width)
    guard target != shape else { return nil }
    self.raw = raw
    origin = "its images of \(shape)"
    identity = sourceIdentity + ["converted-1", "\(target)"]
  }

  func manifest() throws -> DatasetManifest {
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
    progress: DataProgress
  ) throws {
    let shape = raw.manifest.imageShape
    let count = manifest.labels(of: part).count
    let rows = Resampling(from: shape.height, to: target.height)
    let columns = Resampling(from: shape.width, to: target.width)
    let channels = target.channels
    // Images are disjoint, and each is converted by one iteration.
    let pointers = Pointers(source: raw.images(of: part), destination: destination.baseAddress!)
    let chunk = 256
    DispatchQueue.concurrentPerform(iterations: (count + chunk - 1) / chunk) { iteration in
      var recoloured = [Float](repeating: 0, count: channels * shape.height * shape.width)
      var narrowed = [Float](repeating: 0, count: channels * shape.height * target.width)
      for image in iteration * chunk..<min(count, (iteration + 1) * chunk) {
        Self.recolour(
          pointers.source + image * shape.elementCount, from: shape, channels: channels, into: &recoloured)
        columns.apply(recoloured, lines: shape.height, width: channels, into: &narrowed)
        let output = pointers.destination + image * target.elementCount
        rows.applyAndRound(narrowed, width: target.width * channels, into: output)
      }
    }
  }

  private struct Pointers: @unchecked Sendable {
    let source: UnsafePointer<UInt8>
    let destination: UnsafeMutablePointer<UInt8>
  }

  /// Copies grey into every channel, or takes the luminance of ITU-R BT.601 of three.
  private static func recolour(
    _ source: UnsafePointer<UInt8>, from shape: ImageShape, channels: Int, into output: inout [Float]
  ) {
    for pixel in 0..<shape.height * shape.width {
      let values = source + pixel * shape.channels
      switch (shape.channels, channels) {
      case (3, 1): output[pixel] = 0.299 * Float(values[0]) + 0.587 * Float(values[1]) + 0.114 * Float(values[2])
      case (1, 3): for channel in 0..<3 { output[3 * pixel + channel] = Float(values[0]) }
      default: for channel in 0..<channels { output[channels * pixel + channel] = Float(values[channel]) }
      }
    }
  }
}

/// Resamples lines with a triangle filter that widens as the image shrinks, so that nothing is skipped over.
struct Resampling {
  /// The source positions and weights of one result.
  private struct Taps {
    var first: Int
    var weights: [Float]
  }

  private let sourceCount: Int
  private let taps: [Taps]

  /// Creates the filter from one number of pixels to another.
  init(from sourceCount: Int, to count: Int) {
    self.sourceCount = sourceCount
    let ratio = Double(sourceCount) / Double(count)
    let support = max(1, ratio)
    taps = (0..<count).map { index in
      let centre = (Double(index) + 0.5) * ratio
      let first = max(0, Int((centre - support + 0.5).rounded(.down)))
      let end = min(sourceCount, Int((centre + support + 0.5).rounded(.down)))
      let weights = (first..<end).map { max(0, 1 - abs(Double($0) + 0.5 - centre) / support) }
      let sum = weights.reduce(0, +)
      return Taps(first: first, weights: weights.map { Float($0 / sum) })
    }
  }

  /// Resamples each line of `width`-fold interleaved values.
  func apply(_ source: [Float], lines: Int, width: Int, into output: inout [Float]) {
    for line in 0..<lines {
      for (index, tap) in taps.enumerated() {
        for lane in 0..<width {
          var sum: Float = 0
          for (offset, weight) in tap.weights.enumerated() {
            sum += weight * source[(line * sourceCount + tap.first + offset) * width + lane]
          }
          output[(line * taps.count + index) * width + lane] = sum
        }
      }
    }
  }

  /// Resamples one line of `width`-fold interleaved values and rounds to bytes.
  func applyAndRound(_ source: [Float], width: Int, into output: UnsafeMutablePointer<UInt8>) {
    for (index, tap) in taps.enumerated() {
      for lane in 0..<width {
        var sum: Float = 0
        for (offset, weight) in tap.weights.enumerated() {
          sum += weight * source[(tap.first + offset) * width + lane]
        }
        output[index * width + lane] = UInt8(min(255, max(0, (sum + 0.5).rounded(.down))))
      }
    }
  }
}
