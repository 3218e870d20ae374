/// How an image of other proportions is brought to a square.
public enum ImageFit: String, Codable, Hashable, Sendable, CaseIterable {
  /// Height and width are scaled by themselves, which changes proportions.
  case squash
  /// The whole image is kept in proportion, in the middle of black.
  case letterbox
  /// The shorter side is scaled to the square's, and what the longer side has too much is cut off evenly.
  case crop
}

/// Brings images of any size to given extents: recoloured, resampled without aliasing and fitted.
struct ImageResizer: Sendable {
  /// The extents of every result.
  let target: ImageShape
  let fit: ImageFit

  /// Writes the resized form of an image.
  ///
  /// - Parameters:
  ///   - pixels: the image's bytes.
  ///   - shape: its extents; the channels are those of the target, or 1 and 3 in either order.
  ///   - output: room for the target's elements.
  func resize(_ pixels: UnsafePointer<UInt8>, shape: ImageShape, into output: UnsafeMutablePointer<UInt8>) {
    if shape == target {
      output.update(from: pixels, count: shape.elementCount)
      return
    }
    let channels = target.channels
    let (height, width) = scaledSize(of: shape)
    let colored = Self.recolor(pixels, from: shape, channels: channels)
    var narrowed = [Float](repeating: 0, count: channels * shape.height * width)
    Resampling(from: shape.width, to: width)
      .apply(colored, lines: shape.height, width: channels, into: &narrowed)
    let rows = Resampling(from: shape.height, to: height)
    if height == target.height, width == target.width {
      rows.applyAndRound(narrowed, width: width * channels, into: output)
      return
    }
    let scaled = [UInt8](unsafeUninitializedCapacity: height * width * channels) { buffer, count in
      rows.applyAndRound(narrowed, width: width * channels, into: buffer.baseAddress!)
      count = buffer.count
    }
    place(scaled, height: height, width: width, into: output)
  }

  /// The extents to which an image is scaled before it is padded or cut.
  private func scaledSize(of shape: ImageShape) -> (height: Int, width: Int) {
    let ratios = (Double(target.height) / Double(shape.height), Double(target.width) / Double(shape.width))
    let ratio: Double
    switch fit {
    case .squash: return (target.height, target.width)
    case .letterbox: ratio = min(ratios.0, ratios.1)
    case .crop: ratio = max(ratios.0, ratios.1)
    }
    func scaled(_ extent: Int, _ ownRatio: Double, _ limit: Int) -> Int {
      // The side that decides fits exactly, whatever the rounding of the product.
      ownRatio == ratio ? limit : max(1, Int((Double(extent) * ratio).rounded()))
    }
    return (scaled(shape.height, ratios.0, target.height), scaled(shape.width, ratios.1, target.width))
  }

  /// Centres a picture in the output: what is left free is black, what is too much is left out.
  private func place(_ picture: [UInt8], height: Int, width: Int, into output: UnsafeMutablePointer<UInt8>) {
    let channels = target.channels
    output.update(repeating: 0, count: target.elementCount)
    let (down, across) = ((target.height - height) / 2, (target.width - width) / 2)
    let rows = max(0, down)..<min(target.height, down + height)
    let columns = max(0, across)..<min(target.width, across + width)
    picture.withUnsafeBufferPointer { source in
      for row in rows {
        let from = ((row - down) * width + columns.lowerBound - across) * channels
        (output + (row * target.width + columns.lowerBound) * channels)
          .update(from: source.baseAddress! + from, count: columns.count * channels)
      }
    }
  }

  /// Copies grey into every channel, or takes the luminance of ITU-R BT.601 of three.
  private static func recolor(
    _ source: UnsafePointer<UInt8>, from shape: ImageShape, channels: Int
  ) -> [Float] {
    let pixelCount = shape.height * shape.width
    return [Float](unsafeUninitializedCapacity: pixelCount * channels) { output, count in
      switch (shape.channels, channels) {
      case (3, 1):
        for pixel in 0..<pixelCount {
          let values = source + 3 * pixel
          output[pixel] = 0.299 * Float(values[0]) + 0.587 * Float(values[1]) + 0.114 * Float(values[2])
        }
      case (1, 3):
        for pixel in 0..<pixelCount {
          for channel in 0..<3 { output[3 * pixel + channel] = Float(source[pixel]) }
        }
      default:
        for index in 0..<pixelCount * channels { output[index] = Float(source[index]) }
      }
      count = pixelCount * channels
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
      let center = (Double(index) + 0.5) * ratio
      let first = max(0, Int((center - support + 0.5).rounded(.down)))
      let end = min(sourceCount, Int((center + support + 0.5).rounded(.down)))
      let weights = (first..<end).map { max(0, 1 - abs(Double($0) + 0.5 - center) / support) }
      let sum = weights.reduce(0, +)
      return Taps(first: first, weights: weights.map { Float($0 / sum) })
    }
  }

  /// Resamples each line of `width`-fold interleaved values.
  func apply(_ source: [Float], lines: Int, width: Int, into output: inout [Float]) {
    precondition(source.count >= lines * sourceCount * width && output.count >= lines * taps.count * width)
    source.withUnsafeBufferPointer { source in
      output.withUnsafeMutableBufferPointer { output in
        for (index, tap) in taps.enumerated() {
          tap.weights.withUnsafeBufferPointer { weights in
            for line in 0..<lines {
              var first = source.baseAddress! + (line * sourceCount + tap.first) * width
              let target = output.baseAddress! + (line * taps.count + index) * width
              for lane in 0..<width { target[lane] = 0 }
              for weight in weights {
                for lane in 0..<width { target[lane] += weight * first[lane] }
                first += width
              }
            }
          }
        }
      }
    }
  }

  /// Resamples one line of `width`-fold interleaved values and rounds to bytes.
  func applyAndRound(_ source: [Float], width: Int, into output: UnsafeMutablePointer<UInt8>) {
    precondition(source.count >= sourceCount * width)
    var sums = [Float](repeating: 0, count: width)
    source.withUnsafeBufferPointer { source in
      sums.withUnsafeMutableBufferPointer { sums in
        for (index, tap) in taps.enumerated() {
          sums.update(repeating: 0)
          for (offset, weight) in tap.weights.enumerated() {
            let line = source.baseAddress! + (tap.first + offset) * width
            for lane in 0..<width { sums[lane] += weight * line[lane] }
          }
          let target = output + index * width
          for lane in 0..<width { target[lane] = UInt8(min(255, max(0, (sums[lane] + 0.5).rounded(.down)))) }
        }
      }
    }
  }
}
