import LabCore

/// Makes the pixels of a packed data set's images.
struct PackingRenderer: Sendable {
  let plan: PackingPlan
  private let augmentation = AugmentationConfiguration.presets["affine"] ?? .init()

  init(plan: PackingPlan) { self.plan = plan }

  /// Decodes, mirrors, resizes and varies one image.
  ///
  /// - Throws: ``DataError`` where the image can no longer be read.
  func pixels(of item: PackingPlan.Item) throws -> DecodedImage {
    var image = try plan.catalog.image(at: item.sample)
    if item.variation == .flipped { image = image.mirrored }
    let target =
      plan.imageShape
      ?? ImageShape(
        channels: plan.options.channels ?? image.shape.channels, height: image.shape.height, width: image.shape.width)
    guard image.shape.channels == target.channels || Set([image.shape.channels, target.channels]) == [1, 3] else {
      throw DataError.invalidOption(
        key: "channels", actual: "\(target.channels)", expected: "\(image.shape.channels), as the images have")
    }
    var pixels = [UInt8](repeating: 0, count: target.elementCount)
    let resizer = ImageResizer(target: target, fit: plan.options.resize)
    pixels.withUnsafeMutableBufferPointer { resizer.resize(image.pixels, shape: image.shape, into: $0.baseAddress!) }
    let resized = DecodedImage(shape: target, pixels: pixels)
    if case .augmented(let number) = item.variation { return varied(resized, item.sample, number) }
    return resized
  }

  private func varied(_ image: DecodedImage, _ sample: Int, _ number: Int) -> DecodedImage {
    let shape = image.shape
    let transform = TransformDraw(augmentation, shape: shape, seed: UInt64(plan.options.seed)).transform(
      at: SampleCoordinate(sample: Int32(truncatingIfNeeded: sample), repetition: Int32(number), epoch: 0))
    // Values stay bytes: the table of unchanged images is that of their numbers.
    let plain = (0..<shape.channels).flatMap { _ in (0..<256).map(Float.init) }
    var table = plain
    LightTable(shape: shape, table: plain).fill(
      &table, brightness: transform.brightness, contrast: transform.contrast, image: image.pixels)
    var planes = [Float](repeating: 0, count: shape.elementCount)
    ImageSampler(shape: shape).sample(
      image.pixels, transform, table: table, fill: [Float](repeating: 0, count: shape.channels), into: &planes)
    let plane = shape.height * shape.width
    var pixels = [UInt8](repeating: 0, count: shape.elementCount)
    for channel in 0..<shape.channels {
      for pixel in 0..<plane {
        let value = (planes[channel * plane + pixel] + 0.5).rounded(.down)
        pixels[pixel * shape.channels + channel] = UInt8(min(255, max(0, value)))
      }
    }
    return DecodedImage(shape: shape, pixels: pixels)
  }
}

extension DecodedImage {
  /// The image mirrored left to right.
  var mirrored: DecodedImage {
    var mirrored = self
    let (width, channels) = (shape.width, shape.channels)
    for row in 0..<shape.height {
      for column in 0..<width {
        for channel in 0..<channels {
          mirrored.pixels[(row * width + column) * channels + channel] =
            pixels[(row * width + width - 1 - column) * channels + channel]
        }
      }
    }
    return mirrored
  }
}

extension PackingOptions {
  /// The options as the manifest holds them.
  var json: JSONValue {
    [
      "min_size": minimumSide.map(JSONValue.integer) ?? .null, "max_size": maximumSide.map(JSONValue.integer) ?? .null,
      "max_aspect": maximumAspect.map(JSONValue.number) ?? .null, "drop_duplicates": .boolean(dropsDuplicates),
      "skip_corrupt": .boolean(skipsUnreadable),
      "split": shares.map { .array([.number($0.train), .number($0.validation), .number($0.test)]) } ?? .null,
      "split_by": .string(splitBy.rawValue), "seed": .integer(seed), "balance": .string(balance.rawValue),
      "per_class": imagesPerClass.map(JSONValue.integer) ?? .null,
      "flip": flippedClasses.map { .array($0.map(JSONValue.string)) } ?? .null,
      "image_size": imageSize.map(JSONValue.integer) ?? .null, "resize": .string(resize.rawValue),
      "channels": channels.map(JSONValue.integer) ?? .null,
    ]
  }
}
