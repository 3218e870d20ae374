import CLabImages

/// Takes parts of stored images, and resizes them to the extents of the network's images where they differ.
package struct ImageWindow: Sendable {
  /// The extents of the images that are stored.
  package let stored: ImageShape
  /// The extents of the images that come out, with the same channels.
  package let target: ImageShape

  /// Creates a window.
  package init(stored: ImageShape, target: ImageShape) {
    self.stored = stored
    self.target = target
  }

  /// The middle of an image, of the target's extents, as it is when models are evaluated.
  package var middle: PixelRegion {
    .middle(height: target.height, width: target.width, of: (stored.height, stored.width))
  }

  /// Floats of scratch memory that suffice for every part.
  package var scratchCount: Int {
    labImageResizingScratch(stored.channels, stored.height, stored.width, target.height, target.width)
  }

  /// Writes a part of an image, resized by the filter that images are prepared by.
  ///
  /// - Parameters:
  ///   - region: columns and rows within the stored image.
  ///   - image: the stored image's bytes.
  ///   - scratch: ``scratchCount`` floats.
  ///   - output: room for the target's elements.
  package func write(
    _ region: PixelRegion, of image: UnsafePointer<UInt8>, scratch: UnsafeMutablePointer<Float>,
    into output: UnsafeMutablePointer<UInt8>
  ) {
    let channels = stored.channels
    let rowStride = stored.width * channels
    let start = image + region.rows.lowerBound * rowStride + region.columns.lowerBound * channels
    let (height, width) = (region.rows.count, region.columns.count)
    guard height != target.height || width != target.width else {
      for row in 0..<height {
        (output + row * width * channels).update(from: start + row * rowStride, count: width * channels)
      }
      return
    }
    var resizing = LabImageResizing(
      image: start, rowStride: rowStride, ownChannels: channels, channels: channels, height: height, width: width,
      heightSpan: Double(height), widthSpan: Double(width), newHeight: target.height, newWidth: target.width,
      scratch: scratch, output: output)
    labImageResize(&resizing)
  }
}
