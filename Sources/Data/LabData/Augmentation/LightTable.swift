import CLabImages

/// Turns the bytes of an image whose brightness or contrast is changed into values.
package struct LightTable: Sendable {
  private let shape: ImageShape
  /// What each channel counts for the luminance of a pixel.
  private let luminance: [Float]
  /// The mean and the factor that turn a value between 0 and 1 into a normalised one.
  private let shift: [Float]
  private let factor: [Float]
  /// The same for a sampler that computes values instead of looking them up; nil for too many channels.
  private let neutral: LabImageLight?

  /// Derives the normalisation from the table of unchanged images.
  package init(shape: ImageShape, table: [Float]) {
    self.shape = shape
    luminance =
      shape.channels == 3
      ? [0.299, 0.587, 0.114] : Array(repeating: 1 / Float(shape.channels), count: shape.channels)
    shift = (0..<shape.channels).map { table[$0 * 256] }
    factor = (0..<shape.channels).map { table[$0 * 256 + 255] - table[$0 * 256] }
    func four(_ values: [Float]) -> (Float, Float, Float, Float) {
      let padded = values + [0, 0, 0, 0]
      return (padded[0], padded[1], padded[2], padded[3])
    }
    neutral =
      shape.channels > 4
      ? nil
      : LabImageLight(
        brightness: 1, contrast: 1, luminance: four(luminance), shift: four(shift), factor: four(factor))
  }

  /// Fills the table of an image: brightness first, then contrast about the mean luminance, each cut to 0 … 1.
  package func fill(
    _ table: UnsafeMutablePointer<Float>, brightness: Float, contrast: Float, image: UnsafePointer<UInt8>
  ) {
    // All channels' values are computed from the brightness alone, which lies in the first one's place until the end.
    var value = SIMD8<Float>(0, 1, 2, 3, 4, 5, 6, 7)
    for place in stride(from: 0, to: 256, by: 8) {
      let bright = value * brightness * (1 / 255)
      store(bright.replacing(with: 1, where: bright .> 1), at: table + place)
      value += 8
    }
    let mean = contrast == 1 ? 0 : meanLuminance(image, table)
    for channel in (0..<shape.channels).reversed() {
      let (shift, factor) = (shift[channel], factor[channel])
      for place in stride(from: 0, to: 256, by: 8) {
        var bright = UnsafeRawPointer(table + place).loadUnaligned(as: SIMD8<Float>.self)
        if contrast != 1 {
          bright = mean + (bright - mean) * contrast
          bright = bright.replacing(with: 0, where: bright .< 0)
          bright = bright.replacing(with: 1, where: bright .> 1)
        }
        store(shift + bright * factor, at: table + channel * 256 + place)
      }
    }
  }

  private func store(_ values: SIMD8<Float>, at target: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(target).storeBytes(of: values, as: SIMD8<Float>.self)
  }

  private func meanLuminance(_ image: UnsafePointer<UInt8>, _ values: UnsafePointer<Float>) -> Float {
    let pixelCount = shape.height * shape.width
    var source = image
    guard shape.channels == 3 else {
      var total: Float = 0
      for channel in 0..<shape.channels {
        var sum: Float = 0
        source = image + channel
        for _ in 0..<pixelCount {
          sum += values[Int(source.pointee)]
          source += shape.channels
        }
        total += sum * luminance[channel]
      }
      return total / Float(pixelCount)
    }
    // Each sum is a chain of additions that wait for one another, so the three go side by side.
    var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
    for _ in 0..<pixelCount {
      red += values[Int(source[0])]
      green += values[Int(source[1])]
      blue += values[Int(source[2])]
      source += 3
    }
    return (red * luminance[0] + green * luminance[1] + blue * luminance[2]) / Float(pixelCount)
  }

  /// What a sampler computes the values by that ``fill(_:brightness:contrast:image:)`` puts into a table, bit for bit;
  /// nil for images of more than 4 channels.
  package func light(brightness: Float, contrast: Float) -> PixelValues? {
    guard var light = neutral else { return nil }
    light.brightness = brightness
    light.contrast = contrast
    return .light(light)
  }
}
