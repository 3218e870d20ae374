import CLabKernels

/// The shape of an activation and its blocked layout.
struct BlockedLayout: CustomStringConvertible {
  var samples, channels, pixels, block: Int

  var blocks: Int { (channels + block - 1) / block }
  var paddedChannels: Int { blocks * block }
  var flatCount: Int { samples * channels * pixels }
  var blockedCount: Int { samples * paddedChannels * pixels }
  var extent: LabExtent { LabExtent(samples: samples, channels: channels, blocks: blocks, pixels: pixels) }
  var description: String { "\(samples)×\(channels)×\(pixels)" }

  /// Shapes with whole and partial blocks, and with pixel counts below, between and above the kernels' strides.
  static func shapes(block: Int) -> [BlockedLayout] {
    [(1, 3, 64), (3, 16, 7), (1, 20, 1), (3, 24, 3), (1, 40, 7)].map {
      BlockedLayout(samples: $0.0, channels: $0.1, pixels: $0.2, block: block)
    }
  }

  /// A plane longer than the spans over which the kernels sum in single precision.
  static func longPlane(block: Int) -> BlockedLayout {
    BlockedLayout(samples: 1, channels: 5, pixels: 2500, block: block)
  }

  /// Visits every element with its sample, channel and pixel, in flat order.
  func forEach(_ body: (_ sample: Int, _ channel: Int, _ pixel: Int) -> Void) {
    for sample in 0..<samples {
      for channel in 0..<channels {
        for pixel in 0..<pixels { body(sample, channel, pixel) }
      }
    }
  }

  func flatIndex(_ sample: Int, _ channel: Int, _ pixel: Int) -> Int { (sample * channels + channel) * pixels + pixel }

  func blockedIndex(_ sample: Int, _ channel: Int, _ pixel: Int) -> Int {
    ((sample * blocks + channel / block) * pixels + pixel) * block + channel % block
  }

  /// The blocked form with zeros in the unused lanes.
  func blocked<Element: BinaryFloatingPoint>(_ flat: [Element]) -> [Element] {
    var result = [Element](repeating: 0, count: blockedCount)
    forEach { result[blockedIndex($0, $1, $2)] = flat[flatIndex($0, $1, $2)] }
    return result
  }

  /// A table over channels in whole blocks, whose unused entries hold a number that must have no influence.
  func table(_ values: [Float], rows: Int = 1) -> [Float] {
    var result = [Float](repeating: 77, count: rows * paddedChannels)
    for row in 0..<rows { for c in 0..<channels { result[row * paddedChannels + c] = values[row * channels + c] } }
    return result
  }

  /// A result over channels, in whole blocks with zeros beyond the channels.
  func paddedResult(_ values: [Double], rows: Int = 1) -> [Double] {
    var result = [Double](repeating: 0, count: rows * paddedChannels)
    for row in 0..<rows { for c in 0..<channels { result[row * paddedChannels + c] = values[row * channels + c] } }
    return result
  }
}
