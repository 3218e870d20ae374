import LabCore

/// Where the channels of HDF5 images stand.
enum HDF5Layout: String, Codable, CaseIterable {
  /// As the extents suggest: 1, 3 or 4 channels stand where there are that many.
  case auto
  /// N×H×W×C.
  case channelsLast = "channels_last"
  /// N×C×H×W, as PyTorch has them.
  case channelsFirst = "channels_first"

  /// What extents mean.
  struct Reading: Equatable {
    /// The extents of an image.
    var shape: ImageShape
    /// Whether an image is stored channel by channel.
    var isChannelsFirst = false
    /// What was decided although it could be meant otherwise.
    var finding: Finding?
  }

  /// The meaning of three or four extents, of which the first counts images.
  ///
  /// - Parameter name: the HDF5 data set, for the finding.
  func reading(of extents: [Int], name: String) -> Reading {
    guard extents.count == 4 else {
      return Reading(shape: ImageShape(channels: 1, height: extents[1], width: extents[2]))
    }
    let last = Reading(shape: ImageShape(channels: extents[3], height: extents[1], width: extents[2]))
    let first = Reading(
      shape: ImageShape(channels: extents[1], height: extents[2], width: extents[3]), isChannelsFirst: true)
    let (fitsFirst, fitsLast) = (Self.isUsual(extents[1]), Self.isUsual(extents[3]))
    switch self {
    case .channelsLast: return last
    case .channelsFirst: return first
    case .auto where !fitsFirst: return last
    case .auto:
      var chosen = fitsLast ? last : first
      let other = fitsLast ? "channels_first" : "channels_last"
      chosen.finding = Finding(
        key: "dataset.layout",
        message: "\(name) has the extents \(extents), which are taken for images of \(Self.text(chosen))",
        remedy: "Set dataset.layout to \(chosen.layout.rawValue) to confirm that, or to \(other)")
      return chosen
    }
  }

  private static func isUsual(_ channels: Int) -> Bool { [1, 3, 4].contains(channels) }

  private static func text(_ reading: Reading) -> String {
    let shape = reading.shape
    return "\(shape.height)×\(shape.width) pixels whose \(DataSurvey.counted(shape.channels, "channel")) "
      + "\(shape.channels == 1 ? "is" : "are") stored \(reading.isChannelsFirst ? "first" : "last")"
  }

  /// Turns images of which each is stored channel by channel so that the channels of a pixel stand side by side.
  static func interleave(_ images: UnsafeMutableBufferPointer<UInt8>, shape: ImageShape) {
    let (size, plane, channels) = (shape.elementCount, shape.height * shape.width, shape.channels)
    guard channels > 1, size > 0, let base = images.baseAddress else { return }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: size) { copy in
      for start in stride(from: 0, to: images.count, by: size) {
        let image = base + start
        _ = copy.update(fromContentsOf: UnsafeBufferPointer(start: image, count: size))
        for channel in 0..<channels {
          for pixel in 0..<plane { image[pixel * channels + channel] = copy[channel * plane + pixel] }
        }
      }
    }
  }
}

extension HDF5Layout.Reading {
  /// The layout that was read.
  var layout: HDF5Layout { isChannelsFirst ? .channelsFirst : .channelsLast }
}
