import CLabImages

/// How an image of other proportions is brought to a square.
public enum ImageFit: String, Codable, Hashable, Sendable, CaseIterable {
  /// Height and width are scaled by themselves, which changes proportions.
  case squash
  /// The whole image is kept in proportion, in the middle of black.
  case letterbox
  /// The shorter side is scaled to the square's, and what the longer side has too much is cut off evenly.
  case crop
}

/// Brings images of any size to given extents: recoloured, resampled without aliasing and fitted.
package struct ImageResizer: Sendable {
  /// The extents of every result.
  let target: ImageShape
  let fit: ImageFit
  /// The height and width to which images are brought before the middle is cut from them; nil cuts nothing.
  var storedSize: Int?
  /// How JPEG files are decoded for it.
  package var decoding: JPEGDecoding

  /// Creates a resizer.
  package init(target: ImageShape, fit: ImageFit, storedSize: Int? = nil, decoding: JPEGDecoding = .full) {
    self.target = target
    self.fit = fit
    self.storedSize = storedSize
    self.decoding = decoding
  }

  /// The size to which JPEG files are decoded.
  package var scale: JPEGScale { decoding == .reduced ? .reduced(self) : .full }

  /// The extents to which an image is scaled, before anything is padded or cut.
  func scaledExtents(of shape: ImageShape) -> (height: Int, width: Int) { whole.scaledSize(of: shape) }

  /// The resizer of whole images, from which nothing is cut afterwards.
  private var whole: ImageResizer {
    guard let storedSize else { return self }
    return ImageResizer(
      target: ImageShape(channels: target.channels, height: storedSize, width: storedSize), fit: fit)
  }

  /// Writes the resized form of a decoded image.
  package func resize(_ image: DecodedImage, into output: UnsafeMutablePointer<UInt8>) {
    resize(image.pixels, shape: image.shape, fullShape: image.fullShape, into: output)
  }

  /// Writes the resized form of an image.
  ///
  /// - Parameters:
  ///   - pixels: the image's bytes.
  ///   - shape: its extents; the channels are those of the target, or 1 and 3 in either order.
  ///   - fullShape: the extents that say how far it is scaled, where it was decoded to smaller ones.
  ///   - output: room for the target's elements.
  func resize(
    _ pixels: UnsafePointer<UInt8>, shape: ImageShape, fullShape: ImageShape? = nil,
    into output: UnsafeMutablePointer<UInt8>
  ) {
    if storedSize != nil {
      let stored = whole.target
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: stored.elementCount) { whole in
        self.whole.resize(pixels, shape: shape, fullShape: fullShape, into: whole.baseAddress!)
        let window = ImageWindow(stored: stored, target: target)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 1) {
          window.write(window.middle, of: whole.baseAddress!, scratch: $0.baseAddress!, into: output)
        }
      }
      return
    }
    if shape == target {
      output.update(from: pixels, count: shape.elementCount)
      return
    }
    let (height, width) = scaledSize(of: fullShape ?? shape)
    if height == target.height, width == target.width {
      scale(pixels, shape: shape, full: fullShape ?? shape, to: target, into: output)
      return
    }
    let scaled = ImageShape(channels: target.channels, height: height, width: width)
    let picture = [UInt8](unsafeUninitializedCapacity: scaled.elementCount) { buffer, count in
      scale(pixels, shape: shape, full: fullShape ?? shape, to: scaled, into: buffer.baseAddress!)
      count = scaled.elementCount
    }
    place(picture, height: height, width: width, into: output)
  }

  /// Recolors and resamples a whole image.
  private func scale(
    _ pixels: UnsafePointer<UInt8>, shape: ImageShape, full: ImageShape, to scaled: ImageShape,
    into output: UnsafeMutablePointer<UInt8>
  ) {
    // Reduced extents are rounded up, so that the last row and column may reach beyond the picture.
    func isReduced(by divisor: Int) -> Bool {
      let (height, width) = (full.height + divisor - 1, full.width + divisor - 1)
      return height / divisor == shape.height && width / divisor == shape.width
    }
    let divisor = Double([1, 2, 4, 8].first(where: isReduced) ?? 1)
    let scratchCount = labImageResizingScratch(
      scaled.channels, shape.height, shape.width, scaled.height, scaled.width)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: scratchCount) { scratch in
      var resizing = LabImageResizing(
        image: pixels, rowStride: shape.width * shape.channels, ownChannels: shape.channels, channels: scaled.channels,
        height: shape.height, width: shape.width, heightSpan: Double(full.height) / divisor,
        widthSpan: Double(full.width) / divisor, newHeight: scaled.height, newWidth: scaled.width,
        scratch: scratch.baseAddress!, output: output)
      labImageResize(&resizing)
    }
  }

  /// The extents to which an image is scaled before it is padded or cut.
  private func scaledSize(of shape: ImageShape) -> (height: Int, width: Int) {
    let ratios = (Double(target.height) / Double(shape.height), Double(target.width) / Double(shape.width))
    let ratio: Double
    switch fit {
    case .squash: return (target.height, target.width)
    case .letterbox: ratio = min(ratios.0, ratios.1)
    case .crop: ratio = max(ratios.0, ratios.1)
    }
    func scaled(_ extent: Int, _ ownRatio: Double, _ limit: Int) -> Int {
      // The side that decides fits exactly, whatever the rounding of the product.
      ownRatio == ratio ? limit : max(1, Int((Double(extent) * ratio).rounded()))
    }
    return (scaled(shape.height, ratios.0, target.height), scaled(shape.width, ratios.1, target.width))
  }

  /// Centres a picture in the output: what is left free is black, what is too much is left out.
  private func place(_ picture: [UInt8], height: Int, width: Int, into output: UnsafeMutablePointer<UInt8>) {
    let channels = target.channels
    output.update(repeating: 0, count: target.elementCount)
    let (down, across) = ((target.height - height) / 2, (target.width - width) / 2)
    let rows = max(0, down)..<min(target.height, down + height)
    let columns = max(0, across)..<min(target.width, across + width)
    picture.withUnsafeBufferPointer { source in
      for row in rows {
        let from = ((row - down) * width + columns.lowerBound - across) * channels
        (output + (row * target.width + columns.lowerBound) * channels)
          .update(from: source.baseAddress! + from, count: columns.count * channels)
      }
    }
  }
}
