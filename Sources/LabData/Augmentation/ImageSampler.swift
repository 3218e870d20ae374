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
  ///   - scratch: ``scratchCount(_:)`` pixels.
  ///   - output: channels × height × width values.
  package func sample(
    _ image: UnsafePointer<UInt8>, _ transform: SampleTransform, table: UnsafePointer<Float>,
    fill: UnsafePointer<Float>, scratch: UnsafeMutablePointer<SIMD4<Float>>, into output: UnsafeMutablePointer<Float>
  ) {
    if let map = transform.affine {
      interpolate(image, map, table: table, fill: fill, scratch: scratch, into: output)
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

  /// Samples one image with scratch memory of its own.
  package func sample(
    _ image: UnsafePointer<UInt8>, _ transform: SampleTransform, table: UnsafePointer<Float>,
    fill: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: SIMD4<Float>.self, capacity: Self.scratchCount(shape)) { scratch in
      sample(image, transform, table: table, fill: fill, scratch: scratch.baseAddress!, into: output)
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
  ///
  /// The image is first turned into values with a border of the fill's, so that no corner is a special case, and with
  /// all channels of a pixel in one vector.
  private func interpolate(
    _ image: UnsafePointer<UInt8>, _ map: AffineMap, table: UnsafePointer<Float>, fill: UnsafePointer<Float>,
    scratch: UnsafeMutablePointer<SIMD4<Float>>, into output: UnsafeMutablePointer<Float>
  ) {
    for first in stride(from: 0, to: shape.channels, by: 4) {
      let channels = min(4, shape.channels - first)
      let target = output + first * shape.height * shape.width
      // A known number of channels lets the compiler unroll the loops over them.
      switch channels {
      case 1:
        bordered(image + first, channels: 1, table: table + first * 256, fill: fill + first, into: scratch)
        interpolate(scratch, map, channels: 1, into: target)
      case 3:
        bordered(image + first, channels: 3, table: table + first * 256, fill: fill + first, into: scratch)
        interpolate(scratch, map, channels: 3, into: target)
      default:
        bordered(image + first, channels: channels, table: table + first * 256, fill: fill + first, into: scratch)
        interpolate(scratch, map, channels: channels, into: target)
      }
    }
  }

  /// Pixels of scratch memory: one of border before, and two behind.
  package static func scratchCount(_ shape: ImageShape) -> Int { (shape.height + 3) * (shape.width + 3) }

  @inline(__always)
  private func bordered(
    _ image: UnsafePointer<UInt8>, channels: Int, table: UnsafePointer<Float>, fill: UnsafePointer<Float>,
    into pixels: UnsafeMutablePointer<SIMD4<Float>>
  ) {
    let (height, width) = (shape.height, shape.width)
    var outside = SIMD4<Float>()
    for channel in 0..<channels { outside[channel] = fill[channel] }
    pixels.update(repeating: outside, count: Self.scratchCount(shape))
    for row in 0..<height {
      let start = (row + 1) * (width + 3) + 1
      let line = pixels + start
      var source = image + row &* width &* shape.channels
      for column in 0..<width {
        var values = SIMD4<Float>()
        for channel in 0..<channels { values[channel] = table[channel &* 256 &+ Int(source[channel])] }
        line[column] = values
        source += shape.channels
      }
    }
  }

  @inline(__always)
  private func interpolate(
    _ pixels: UnsafePointer<SIMD4<Float>>, _ map: AffineMap, channels: Int, into output: UnsafeMutablePointer<Float>
  ) {
    let (height, width) = (shape.height, shape.width)
    let (plane, pitch) = (height * width, width + 3)
    let (right, bottom) = (Float(width), Float(height))
    var target = output
    for row in 0..<height {
      let rowX = map.xFromRow * Float(row) + map.xAtOrigin
      let rowY = map.yFromRow * Float(row) + map.yAtOrigin
      for column in 0..<width {
        // Farther out, everything is border as well. Shifted by one, both are positive, for which truncation rounds down.
        let place = Float(column)
        let x = min(max(rowX + map.xFromColumn * place, -1), right)
        let y = min(max(rowY + map.yFromColumn * place, -1), bottom)
        let left = Int32(x + 1)
        let top = Int32(y + 1)
        let beside = x - Float(left &- 1)
        let below = y - Float(top &- 1)
        let start = Int(top) &* pitch &+ Int(left)
        let corner = pixels + start
        let upper = Self.mix(corner[0], corner[1], beside)
        let lower = Self.mix(corner[pitch], corner[pitch &+ 1], beside)
        let value = Self.mix(upper, lower, below)
        for channel in 0..<channels { target[channel &* plane] = value[channel] }
        target += 1
      }
    }
  }

  /// The value between two; exactly the first at share 0.
  @inline(__always)
  private static func mix(_ first: SIMD4<Float>, _ second: SIMD4<Float>, _ share: Float) -> SIMD4<Float> {
    let difference = second - first
    return first + difference * share
  }
}
