import Foundation
import LabCore

/// Chooses the part of a stored image that is resized to the network's side.
package struct CropDraw: Sendable {
  private let crop: RandomResizedCrop
  private let height: Int
  private let width: Int
  private let stream: RandomStream

  /// Creates the draws of a seed for images of a size.
  package init(_ crop: RandomResizedCrop, shape: ImageShape, seed: UInt64) {
    self.crop = crop
    height = shape.height
    width = shape.width
    stream = RandomStream(seed: seed, name: "augmentation/random-resized-crop")
  }

  /// The part of one image in one epoch: of the first of ten draws that lies within the image, else the middle.
  package func region(at coordinate: SampleCoordinate) -> PixelRegion {
    let (least, largest) = (log(crop.ratio.lowerBound), log(crop.ratio.upperBound))
    for attempt in 0..<10 {
      let words = stream.block(coordinate.counter(attempt))
      func share(_ word: UInt32) -> Double { Double(word) * 0x1p-32 }
      let scale = crop.scale.lowerBound + share(words.x) * (crop.scale.upperBound - crop.scale.lowerBound)
      let area = Double(height * width) * scale
      let ratio = exp(least + share(words.y) * (largest - least))
      let extent = SIMD2((area * ratio).squareRoot(), (area / ratio).squareRoot()).rounded(.toNearestOrEven)
      guard extent.x >= 1, extent.y >= 1, extent.x <= Double(width), extent.y <= Double(height) else { continue }
      let (columns, rows) = (Int(extent.x), Int(extent.y))
      let left = Int((UInt64(words.w) * UInt64(width - columns + 1)) >> 32)
      let top = Int((UInt64(words.z) * UInt64(height - rows + 1)) >> 32)
      return PixelRegion(columns: left..<left + columns, rows: top..<top + rows)
    }
    return middle
  }

  /// The largest part in the middle whose proportions are within the bounds.
  package var middle: PixelRegion {
    let ratio = Double(width) / Double(height)
    func limited(_ value: Double, _ limit: Int) -> Int {
      min(limit, max(1, Int(value.rounded(.toNearestOrEven))))
    }
    var (columns, rows) = (width, height)
    if ratio < crop.ratio.lowerBound {
      rows = limited(Double(width) / crop.ratio.lowerBound, height)
    } else if ratio > crop.ratio.upperBound {
      columns = limited(Double(height) * crop.ratio.upperBound, width)
    }
    return .middle(height: rows, width: columns, of: (height, width))
  }
}

extension PixelRegion {
  /// A part of given extents in the middle of an image.
  static func middle(height: Int, width: Int, of image: (height: Int, width: Int)) -> PixelRegion {
    let (top, left) = ((image.height - height) / 2, (image.width - width) / 2)
    return PixelRegion(columns: left..<left + width, rows: top..<top + height)
  }
}
