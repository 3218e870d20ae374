import CLabImages

/// Writes one image as planes of floats: bytes become values, positions go through a transform.
package struct ImageSampler: Sendable {
  /// The image's extents.
  package let shape: ImageShape

  private let kernel: ImageKernel

  /// Creates a sampler of images of a shape.
  package init(shape: ImageShape, kernel: ImageKernel = .widest) {
    self.shape = shape
    self.kernel = kernel
  }

  /// Floats of scratch memory.
  package static func scratchCount(_ shape: ImageShape) -> Int { ImageKernel.scratchCount(shape) }

  /// Samples one image.
  ///
  /// - Parameters:
  ///   - image: height × width × channels bytes.
  ///   - transform: what to do with it; brightness and contrast are in the values.
  ///   - values: what turns bytes into values.
  ///   - fill: the value of each channel outside the image and in a cut-out square.
  ///   - scratch: ``scratchCount(_:)`` floats.
  ///   - output: channels × height × width values.
  package func sample(
    _ image: UnsafePointer<UInt8>, _ transform: SampleTransform, values: PixelValues, fill: UnsafePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    switch (transform.affine, values) {
    case (let map?, _): interpolate(image, map, values: values, fill: fill, scratch: scratch, into: output)
    case (nil, .table(let table)): shift(image, transform, table: table, fill: fill, into: output)
    case (nil, .light): preconditionFailure("whole pixels are looked up")
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
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.scratchCount(shape)) { scratch in
      sample(image, transform, values: .table(table), fill: fill, scratch: scratch.baseAddress!, into: output)
    }
  }

  /// Copies whole pixels: every crop and mirroring, and the unchanged image.
  private func shift(
    _ image: UnsafePointer<UInt8>, _ transform: SampleTransform, table: UnsafePointer<Float>,
    fill: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    var shift = LabImageShift(
      channels: shape.channels, height: shape.height, width: shape.width, image: image, table: table, fill: fill,
      offsetX: transform.offsetX, offsetY: transform.offsetY, isFlipped: transform.isFlipped ? 1 : 0, output: output)
    labImageShift(&shift)
  }

  /// Interpolates bilinearly; corners of a cell that are outside the image have the fill's value.
  ///
  /// Pixels become values before they are interpolated between: by a table or, where there is a light, as that says.
  private func interpolate(
    _ image: UnsafePointer<UInt8>, _ map: AffineMap, values: PixelValues, fill: UnsafePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    for first in stride(from: 0, to: shape.channels, by: 4) {
      let channels = min(4, shape.channels - first)
      func outside(_ channel: Int) -> Float { channel < channels ? fill[first + channel] : 0 }
      var sampling = LabImageSampling(
        extent: LabImageExtent(channels: channels, height: shape.height, width: shape.width, stride: shape.channels),
        image: image + first, table: nil, light: nil, fill: (outside(0), outside(1), outside(2), outside(3)),
        map: (map.xFromColumn, map.xFromRow, map.xAtOrigin, map.yFromColumn, map.yFromRow, map.yAtOrigin),
        scratch: scratch, output: output + first * shape.height * shape.width)
      switch values {
      case .table(let table):
        sampling.table = table + first * 256
        kernel(&sampling)
      case .light(var light):
        withUnsafePointer(to: &light) {
          sampling.light = $0
          kernel(&sampling)
        }
      }
    }
  }
}
