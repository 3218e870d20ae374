/// What is done to an image before a model sees it; it travels with the weights that were trained so.
public struct Preprocessing: Hashable, Sendable {
  /// The extents of the model's images.
  public var imageShape: ImageShape
  /// How images of other proportions are brought to them.
  public var resize: ImageFit
  /// The height and width to which images are resized before the middle is cut from them; nil cuts nothing.
  public var storedSize: Int?
  /// How JPEG files are decoded that become much smaller images.
  public var jpegDecoding = JPEGDecoding.full
  /// The mean and deviation by which each channel is normalised; nil leaves values from 0 to 1.
  public var statistics: ChannelStatistics?

  /// Creates a preprocessing.
  public init(imageShape: ImageShape, resize: ImageFit, statistics: ChannelStatistics?) {
    self.imageShape = imageShape
    self.resize = resize
    self.statistics = statistics
  }

  /// What is done to the images of a data set.
  public init(of dataset: PreparedDataset) {
    self.init(
      imageShape: dataset.imageShape, resize: dataset.configuration.resize,
      statistics: dataset.normalization)
    storedSize = dataset.configuration.storedSize
    jpegDecoding = dataset.configuration.jpegDecoding
  }

  /// What brings an image to the model's extents.
  var resizer: ImageResizer {
    ImageResizer(target: imageShape, fit: resize, storedSize: storedSize, decoding: jpegDecoding)
  }

  /// The value that each byte becomes, 256 for each channel.
  package var lookupTable: [Float] {
    (0..<imageShape.channels).flatMap { channel in
      let mean = statistics?.mean[channel] ?? 0
      let deviation = statistics?.standardDeviation[channel] ?? 1
      return (0..<256).map { value -> Float in
        let plain = Double(value) / 255
        guard statistics != nil else { return Float(plain) }
        // A channel that never changes has nothing to be scaled by.
        return Float((plain - mean) / (deviation > 0 ? deviation : 1))
      }
    }
  }
}

extension Preprocessing: Codable {
  enum CodingKeys: String, CodingKey {
    case channels, height, width, resize, mean
    case storedSize = "stored_size"
    case jpegDecoding = "jpeg_decoding"
    case standardDeviation = "standard_deviation"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    imageShape = ImageShape(
      channels: try container.decode(Int.self, forKey: .channels),
      height: try container.decode(Int.self, forKey: .height), width: try container.decode(Int.self, forKey: .width))
    resize = try container.decode(ImageFit.self, forKey: .resize)
    let mean = try container.decodeIfPresent([Double].self, forKey: .mean)
    let deviation = try container.decodeIfPresent([Double].self, forKey: .standardDeviation)
    jpegDecoding = try container.decodeIfPresent(JPEGDecoding.self, forKey: .jpegDecoding) ?? .full
    storedSize = try container.decodeIfPresent(Int.self, forKey: .storedSize)
    if let storedSize, !(max(imageShape.height, imageShape.width)...65_536).contains(storedSize) {
      throw DecodingError.dataCorruptedError(
        forKey: .storedSize, in: container, debugDescription: "expected no less than height and width")
    }
    let extents = [imageShape.channels, imageShape.height, imageShape.width]
    guard extents.allSatisfy({ (1...65_536).contains($0) }), (mean == nil) == (deviation == nil),
      [mean, deviation].allSatisfy({ $0 == nil || $0?.count == imageShape.channels })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .channels, in: container, debugDescription: "expected a mean and a deviation for each channel")
    }
    if let mean, let deviation { statistics = ChannelStatistics(mean: mean, standardDeviation: deviation) }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(imageShape.channels, forKey: .channels)
    try container.encode(imageShape.height, forKey: .height)
    try container.encode(imageShape.width, forKey: .width)
    try container.encode(resize, forKey: .resize)
    try container.encodeIfPresent(storedSize, forKey: .storedSize)
    if jpegDecoding != .full { try container.encode(jpegDecoding, forKey: .jpegDecoding) }
    try container.encodeIfPresent(statistics?.mean, forKey: .mean)
    try container.encodeIfPresent(statistics?.standardDeviation, forKey: .standardDeviation)
  }
}
