/// One image of any size: rows of pixels whose channels lie side by side.
package struct DecodedImage: Hashable, Sendable {
  /// The extents; 1 channel is grey, 3 are red, green and blue.
  package var shape: ImageShape
  /// Height × width × channels bytes.
  package var pixels: [UInt8]
  /// The extents that the file has, where it was decoded to smaller ones.
  package var fullShape: ImageShape
  /// What the file says beside the pixels.
  package var traits: ImageTraits = []

  /// Creates an image; there must be as many bytes as the extents say.
  package init(shape: ImageShape, pixels: [UInt8]) {
    precondition(pixels.count == shape.elementCount, "the bytes must fit the extents")
    self.shape = shape
    fullShape = shape
    self.pixels = pixels
  }
}

/// A rectangle of pixels, in columns and rows of an image.
package struct PixelRegion: Hashable, Sendable {
  /// The columns.
  package var columns: Range<Int>
  /// The rows.
  package var rows: Range<Int>

  /// Creates a rectangle.
  package init(columns: Range<Int>, rows: Range<Int>) {
    self.columns = columns
    self.rows = rows
  }
}

extension DecodedImage {
  /// The part of the image within a region.
  ///
  /// - Throws: ``ImageProblem`` where the region is empty or reaches beyond the image.
  package func cropped(to region: PixelRegion) throws(ImageProblem) -> DecodedImage {
    guard !region.columns.isEmpty, !region.rows.isEmpty, region.columns.lowerBound >= 0, region.rows.lowerBound >= 0,
      region.columns.upperBound <= shape.width, region.rows.upperBound <= shape.height
    else {
      throw ImageProblem(
        actual: "is \(shape.width)×\(shape.height) pixels",
        expected: "the columns \(region.columns) and rows \(region.rows) of its region within it")
    }
    let channels = shape.channels
    var part = [UInt8]()
    part.reserveCapacity(region.rows.count * region.columns.count * channels)
    for row in region.rows {
      let start = (row * shape.width + region.columns.lowerBound) * channels
      part += pixels[start..<start + region.columns.count * channels]
    }
    var image = DecodedImage(
      shape: ImageShape(channels: channels, height: region.rows.count, width: region.columns.count), pixels: part)
    image.traits = traits
    return image
  }
}

/// What is wrong with the bytes of an image, before it is known which file they are from.
package struct ImageProblem: Error, Hashable, Sendable {
  /// What the bytes are, as the predicate of a sentence.
  package var actual: String
  /// What they should be.
  package var expected: String

  /// The problem as an error of a file.
  package func error(path: String) -> DataError { .malformedFile(path: path, actual: actual, expected: expected) }
}
