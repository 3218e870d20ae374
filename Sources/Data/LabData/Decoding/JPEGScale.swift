/// To which size JPEG files are decoded, which other formats know nothing of.
package enum JPEGScale: Sendable {
  /// Their own.
  case full
  /// A half, quarter or eighth, as long as that leaves twice the extents that a resizer scales them to.
  case reduced(ImageResizer)

  /// The number that extents are divided by: 1, 2, 4 or 8.
  func divisor(of shape: ImageShape) -> Int {
    guard case .reduced(let resizer) = self else { return 1 }
    let needed = resizer.scaledExtents(of: shape)
    return [8, 4, 2].first { divisor in
      shape.height >= 2 * needed.height * divisor && shape.width >= 2 * needed.width * divisor
    } ?? 1
  }
}

/// How JPEG files are decoded that become much smaller images.
public enum JPEGDecoding: String, Codable, Hashable, Sendable, CaseIterable {
  /// Whole.
  case full
  /// To a half, a quarter or an eighth of their extents, as long as that is at least twice what is needed.
  case reduced
}
