/// Writes one image as planes of floats: bytes go through a table, positions through a transform.
package struct ImageSampler: Sendable {
  /// The image's extents.
  package let shape: ImageShape

  /// Creates a sampler of images of a shape.
  package init(shape: ImageShape) { self.shape = shape }

  /// Samples one image.
  ///
  /// - Parameters:
  ///   - image: height × width × channels bytes.
  ///   - transform: what to do with it; brightness and contrast are in the table.
  ///   - table: 256 values for each channel.
  ///   - fill: the value of each channel outside the image and in a cut-out square.
  ///   - output: channels × height × width values.
  package func sample(
    _ image: UnsafePointer<UInt8>, _ transform: SampleTransform, table: UnsafePointer<Float>,
    fill: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    if let map = transform.affine {
      // A known number of channels lets the compiler unroll the loops over them.
      switch shape.channels {
      case 1: interpolate(image, map, channels: 1, table: table, fill: fill, into: output)
      case 3: interpolate(image, map, channels: 3, table: table, fill: fill, into: output)
      default: interpolate(image, map, channels: shape.channels, table: table, fill: fill, into: output)
      }
    } else {
      shift(image, transform, table: table, fill: fill, into: output)
    }
    guard !transform.cutoutColumns.isEmpty, !transform.cutoutRows.isEmpty else { return }
    for channel in 0..<shape.channels {
      for row in transform.cutoutRows {
        let start = output + (channel * shape.height + row) * shape.width + transform.cutoutColumns.lowerBound
        start.update(repeating: fill[channel], count: transform.cutoutColumns.count)
      }
    }
  }

  /// Copies whole pixels: every crop and mirroring, and the unchanged image.
  private func shift(
    _ image: UnsafePointer<UInt8>, _ transform: SampleTransform, table: UnsafePointer<Float>,
    fill: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    let (channels, height, width) = (shape.channels, shape.height, shape.width)
    let (offsetX, offsetY) = (transform.offsetX, transform.offsetY)
    // The columns of the crop that lie within the image, before mirroring.
    let first = min(width, max(0, -offsetX))
    let count = max(0, min(width, width - offsetX) - first)
    let step = transform.isFlipped ? -1 : 1
    let firstOutput = transform.isFlipped ? width - 1 - first : first
    for channel in 0..<channels {
      let values = table + channel * 256
      let outside = fill[channel]
      for row in 0..<height {
        let line = output + (channel * height + row) * width
        let sourceRow = row + offsetY
        guard count > 0, sourceRow >= 0, sourceRow < height else {
          line.update(repeating: outside, count: width)
          continue
        }
        if count < width { line.update(repeating: outside, count: width) }
        var source = image + (sourceRow * width + first + offsetX) * channels + channel
        var target = line + firstOutput
        for _ in 0..<count {
          target.pointee = values[Int(source.pointee)]
          source += channels
          target += step
        }
      }
    }
  }

  /// Interpolates bilinearly; corners of a cell that are outside the image have the fill's value.
  @inline(__always)
  private func interpolate(
    _ image: UnsafePointer<UInt8>, _ map: AffineMap, channels: Int, table: UnsafePointer<Float>,
    fill: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    let (height, width) = (shape.height, shape.width)
    let plane = height * width
    let (right, bottom) = (Float(width), Float(height))
    var target = output
    for row in 0..<height {
      let rowX = map.xFromRow * Float(row) + map.xAtOrigin
      let rowY = map.yFromRow * Float(row) + map.yAtOrigin
      for column in 0..<width {
        let x = rowX + map.xFromColumn * Float(column)
        let y = rowY + map.yFromColumn * Float(column)
        defer { target += 1 }
        guard x > -1, y > -1, x < right, y < bottom else {
          for channel in 0..<channels { target[channel &* plane] = fill[channel] }
          continue
        }
        // Shifted by one, both are positive, for which truncation rounds down.
        let left = Int(x + 1) &- 1
        let top = Int(y + 1) &- 1
        let beside = x - Float(left)
        let below = y - Float(top)
        let corner = image + (top &* width &+ left) &* channels
        if left >= 0, top >= 0, left &+ 1 < width, top &+ 1 < height {
          for channel in 0..<channels {
            let values = table + channel &* 256
            let pixel = corner + channel
            let upper = Self.mix(values[Int(pixel[0])], values[Int(pixel[channels])], beside)
            let next = pixel + width &* channels
            let lower = Self.mix(values[Int(next[0])], values[Int(next[channels])], beside)
            target[channel &* plane] = Self.mix(upper, lower, below)
          }
        } else {
          for channel in 0..<channels {
            func value(_ down: Int, _ across: Int) -> Float {
              let (line, place) = (top &+ down, left &+ across)
              guard line >= 0, line < height, place >= 0, place < width else { return fill[channel] }
              return table[channel &* 256 &+ Int(image[(line &* width &+ place) &* channels &+ channel])]
            }
            let upper = Self.mix(value(0, 0), value(0, 1), beside)
            let lower = Self.mix(value(1, 0), value(1, 1), beside)
            target[channel &* plane] = Self.mix(upper, lower, below)
          }
        }
      }
    }
  }

  /// The value between two; exactly the first at share 0.
  @inline(__always)
  private static func mix(_ first: Float, _ second: Float, _ share: Float) -> Float {
    first + (second - first) * share
  }
}
