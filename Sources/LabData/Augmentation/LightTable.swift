/// Builds the table of one image whose brightness or contrast is changed.
struct LightTable {
  private let shape: ImageShape
  /// What each channel counts for the luminance of a pixel.
  private let luminance: [Float]
  /// The mean and the factor that turn a value between 0 and 1 into a normalised one.
  private let shift: [Float]
  private let factor: [Float]

  /// Derives the normalisation from the table of unchanged images.
  init(shape: ImageShape, table: [Float]) {
    self.shape = shape
    luminance =
      shape.channels == 3
      ? [0.299, 0.587, 0.114] : Array(repeating: 1 / Float(shape.channels), count: shape.channels)
    shift = (0..<shape.channels).map { table[$0 * 256] }
    factor = (0..<shape.channels).map { table[$0 * 256 + 255] - table[$0 * 256] }
  }

  /// Fills the table of an image: brightness first, then contrast about the mean luminance, each cut to 0 … 1.
  func fill(
    _ table: UnsafeMutablePointer<Float>, brightness: Float, contrast: Float, image: UnsafePointer<UInt8>
  ) {
    for channel in 0..<shape.channels {
      for value in 0..<256 { table[channel * 256 + value] = min(1, Float(value) * brightness * (1 / 255)) }
    }
    let mean = contrast == 1 ? 0 : meanLuminance(image, table)
    for channel in 0..<shape.channels {
      let values = table + channel * 256
      for value in 0..<256 {
        let bright = values[value]
        let contrasted = contrast == 1 ? bright : min(1, max(0, mean + (bright - mean) * contrast))
        values[value] = shift[channel] + contrasted * factor[channel]
      }
    }
  }

  private func meanLuminance(_ image: UnsafePointer<UInt8>, _ table: UnsafeMutablePointer<Float>) -> Float {
    let pixelCount = shape.height * shape.width
    var total: Float = 0
    for channel in 0..<shape.channels {
      let values = table + channel * 256
      var sum: Float = 0
      var source = image + channel
      for _ in 0..<pixelCount {
        sum += values[Int(source.pointee)]
        source += shape.channels
      }
      total += sum * luminance[channel]
    }
    return total / Float(pixelCount)
  }
}
