import Foundation
import LabCore

/// How one image is varied, once all random choices are made.
package struct SampleTransform: Hashable, Sendable {
  /// The image's column and row that become the output's first, before mirroring.
  package var offsetX = 0
  package var offsetY = 0
  /// Whether the output is mirrored left to right.
  package var isFlipped = false
  /// Where each pixel of the output comes from, offset and mirroring included; nil where those are all.
  package var affine: AffineMap?
  /// The factor of all values; 1 leaves them.
  package var brightness: Float = 1
  /// The factor of all differences from the mean luminance; 1 leaves them.
  package var contrast: Float = 1
  /// The columns and rows of the output that are blanked; empty where none are.
  package var cutoutColumns = 0..<0
  package var cutoutRows = 0..<0

  /// Creates the transform that changes nothing.
  package init() {}

  /// Sets the map that rotates, scales and translates about the middle of the image, and then crops and mirrors.
  ///
  /// - Parameters:
  ///   - radians: the rotation, clockwise as seen with y pointing down.
  ///   - scale: the factor by which things become larger.
  ///   - translation: how far things move to the right and down, in pixels.
  package mutating func setAffine(
    radians: Double, scale: Double, translation: SIMD2<Double>, height: Int, width: Int
  ) {
    let (cosine, sine) = (cos(radians) / scale, sin(radians) / scale)
    let center = SIMD2(Double(width - 1), Double(height - 1)) / 2
    // What output column 0 and row 0 are once the image has been cropped and mirrored.
    let origin = SIMD2(Double(isFlipped ? width - 1 + offsetX : offsetX), Double(offsetY)) - center - translation
    let step = isFlipped ? -1.0 : 1.0
    affine = AffineMap(
      xFromColumn: Float(cosine * step), xFromRow: Float(sine),
      xAtOrigin: Float(cosine * origin.x + sine * origin.y + center.x),
      yFromColumn: Float(-sine * step), yFromRow: Float(cosine),
      yAtOrigin: Float(-sine * origin.x + cosine * origin.y + center.y))
  }
}

/// A linear map from a pixel of the output to a position in the image.
package struct AffineMap: Hashable, Sendable {
  /// The coefficients of the position's x.
  package var xFromColumn, xFromRow, xAtOrigin: Float
  /// The coefficients of the position's y.
  package var yFromColumn, yFromRow, yAtOrigin: Float
}

/// Which image is varied, in which epoch.
package struct SampleCoordinate: Hashable, Sendable {
  /// The image's index in the data set, so that its variations do not depend on what else is in a batch or subset.
  package var sample: Int32
  /// How often oversampling has listed it before.
  package var repetition: Int32
  package var epoch: Int

  /// Creates a coordinate.
  package init(sample: Int32, repetition: Int32 = 0, epoch: Int) {
    self.sample = sample
    self.repetition = repetition
    self.epoch = epoch
  }

  /// The coordinate as a counter, with the number of the draw.
  func counter(_ draw: Int) -> SIMD4<UInt32> {
    SIMD4(
      UInt32(bitPattern: sample), UInt32(bitPattern: repetition), UInt32(truncatingIfNeeded: epoch),
      UInt32(truncatingIfNeeded: draw))
  }
}

/// Makes the random choices of an augmentation; each kind draws from its own stream, so that switching one on
/// leaves the others as they were.
package struct TransformDraw: Sendable {
  private let augmentation: AugmentationConfiguration
  private let height: Int
  private let width: Int
  private let crop: RandomStream
  private let flip: RandomStream
  private let geometry: RandomStream
  private let light: RandomStream
  private let cutout: RandomStream

  /// Creates the draws of a seed for images of a size.
  package init(_ augmentation: AugmentationConfiguration, shape: ImageShape, seed: UInt64) {
    self.augmentation = augmentation
    height = shape.height
    width = shape.width
    func stream(_ name: String) -> RandomStream { RandomStream(seed: seed, name: "augmentation/\(name)") }
    crop = stream("crop")
    flip = stream("flip")
    geometry = stream("geometry")
    light = stream("light")
    cutout = stream("cutout")
  }

  /// The variation of one image in one epoch.
  package func transform(at coordinate: SampleCoordinate) -> SampleTransform {
    var transform = SampleTransform()
    let counter = coordinate.counter(0)
    if augmentation.cropPadding > 0 {
      let words = crop.block(counter)
      let places = 2 * augmentation.cropPadding + 1
      transform.offsetX = Self.integer(below: places, words.x) - augmentation.cropPadding
      transform.offsetY = Self.integer(below: places, words.y) - augmentation.cropPadding
    }
    if augmentation.horizontalFlip { transform.isFlipped = flip.block(counter).x >> 31 == 1 }
    if augmentation.rotateDegrees > 0 || augmentation.scale > 0 || augmentation.translate > 0 {
      let words = geometry.block(counter)
      transform.setAffine(
        radians: Self.signed(words.x) * augmentation.rotateDegrees * .pi / 180,
        scale: 1 + Self.signed(words.y) * augmentation.scale,
        translation: SIMD2(
          Self.signed(words.z) * augmentation.translate * Double(width),
          Self.signed(words.w) * augmentation.translate * Double(height)),
        height: height, width: width)
    }
    if augmentation.brightness > 0 || augmentation.contrast > 0 {
      let words = light.block(counter)
      transform.brightness = Float(1 + Self.signed(words.x) * augmentation.brightness)
      transform.contrast = Float(1 + Self.signed(words.y) * augmentation.contrast)
    }
    if augmentation.cutout > 0 {
      let words = cutout.block(counter)
      func range(_ word: UInt32, _ extent: Int) -> Range<Int> {
        // The middle is anywhere in the image, so the square may reach over the edge.
        let first = Self.integer(below: extent, word) - augmentation.cutout / 2
        return max(0, first)..<min(extent, first + augmentation.cutout)
      }
      transform.cutoutColumns = range(words.x, width)
      transform.cutoutRows = range(words.y, height)
    }
    return transform
  }

  private static func integer(below bound: Int, _ word: UInt32) -> Int { Int((UInt64(word) * UInt64(bound)) >> 32) }

  /// A number in [-1, 1).
  private static func signed(_ word: UInt32) -> Double { Double(word) * 0x1p-31 - 1 }
}
