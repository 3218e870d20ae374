import LabCore

/// Which data a run sees: the data set, its subsets and splits, and what is done to it once before training.
public struct DatasetConfiguration: Hashable, Sendable {
  /// The registered name of the data set.
  public var name: String
  /// The folder or file that holds the data set, where it is not in a standard place.
  public var path: String?
  /// At most this many training images, chosen class by class in proportion; nil takes all.
  public var trainLimit: Int?
  /// At most this many test images, chosen class by class in proportion; nil takes all.
  public var testLimit: Int?
  /// How much of the training images is set aside for validation, before any limit; nil sets none aside.
  public var validation: HeldOutSize?
  /// What the validation split keeps together.
  public var validationBy: HeldOutUnit
  /// The seed of the subsets and the validation split; every run of a sweep shares it.
  public var subsetSeed: Int
  /// How unequal class counts of the training split are evened out.
  public var balance: ClassBalance
  /// By what each channel is shifted and scaled.
  public var normalize: ImageNormalization
  /// The height and width to which all images are resampled; nil keeps the data set's own.
  public var imageSize: Int?
  /// The height and width at which images are kept, of which the network sees a part of ``imageSize``; nil keeps them
  /// at that.
  public var storedSize: Int?
  /// The number of channels, 1 (luminance) or 3 (RGB), to which all images are converted; nil keeps the data set's own.
  public var channels: Int?
  /// How images that are not square are brought to the size asked for.
  public var resize: ImageFit
  /// How JPEG files are decoded that become much smaller images.
  public var jpegDecoding: JPEGDecoding
  /// The options of this data set alone, by key.
  public var options: [String: JSONValue]

  /// Creates the configuration of a whole data set, without a validation split.
  public init(name: String, path: String? = nil, options: [String: JSONValue] = [:]) {
    self.name = name
    self.path = path
    self.options = options
    validationBy = .auto
    subsetSeed = 0
    balance = .none
    normalize = true
    resize = .squash
    jpegDecoding = .full
  }
}

/// A share or a number of images.
public enum HeldOutSize: Hashable, Sendable {
  /// A share of all images, between 0 and 1.
  case fraction(Double)
  /// A number of images.
  case count(Int)

  /// The number of images that this is of a total.
  package func resolved(of total: Int) -> Int {
    switch self {
    case .fraction(let share): Int((share * Double(total)).rounded())
    case .count(let count): count
    }
  }
}

/// What a validation split keeps together.
public enum HeldOutUnit: String, Codable, Hashable, Sendable, CaseIterable {
  /// By group where the data set has groups, else by class.
  case auto
  /// Image by image, in equal proportion of every class.
  case `class`
  /// Whole groups (frames of one recording), as close to equal proportions of every class as groups allow.
  case group
}

/// How unequal class counts are evened out.
public enum ClassBalance: String, Codable, Hashable, Sendable, CaseIterable {
  /// Counts stay as they are.
  case none
  /// Every class keeps as many images as the rarest one has.
  case downsample
  /// Images of rarer classes are repeated until every class counts as many as the most frequent one.
  case oversample
}

extension DatasetConfiguration: Codable {
  package enum CodingKeys: String, CodingKey, CaseIterable {
    case name, path
    case trainLimit = "train_limit"
    case testLimit = "test_limit"
    case validation
    case validationBy = "validation_by"
    case subsetSeed = "subset_seed"
    case balance, normalize
    case imageSize = "image_size"
    case storedSize = "stored_size"
    case channels, resize
    case jpegDecoding = "jpeg_decoding"
  }

  /// Decodes a name, or an object with the data set's own options beside the common keys; absent keys take defaults.
  ///
  /// - Throws: `DecodingError` where it is something else.
  public init(from decoder: any Decoder) throws {
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      self.init(name: name)
      return
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(name: try container.decode(String.self, forKey: .name))
    path = try container.decodeIfPresent(String.self, forKey: .path)
    trainLimit = try container.decodeIfPresent(Int.self, forKey: .trainLimit)
    testLimit = try container.decodeIfPresent(Int.self, forKey: .testLimit)
    validation = try container.decodeIfPresent(HeldOutSize.self, forKey: .validation)
    validationBy = try container.decodeIfPresent(HeldOutUnit.self, forKey: .validationBy) ?? validationBy
    subsetSeed = try container.decodeIfPresent(Int.self, forKey: .subsetSeed) ?? subsetSeed
    balance = try container.decodeIfPresent(ClassBalance.self, forKey: .balance) ?? balance
    normalize = try container.decodeIfPresent(ImageNormalization.self, forKey: .normalize) ?? normalize
    imageSize = try container.decodeIfPresent(Int.self, forKey: .imageSize)
    storedSize = try container.decodeIfPresent(Int.self, forKey: .storedSize)
    channels = try container.decodeIfPresent(Int.self, forKey: .channels)
    resize = try container.decodeIfPresent(ImageFit.self, forKey: .resize) ?? resize
    jpegDecoding = try container.decodeIfPresent(JPEGDecoding.self, forKey: .jpegDecoding) ?? jpegDecoding
    let common = Set(CodingKeys.allCases.map(\.rawValue))
    // A null option is one that was left to the data set's default.
    options = try decoder.singleValueContainer().decode([String: JSONValue].self)
      .filter { !common.contains($0.key) && $0.value != .null }
  }

  /// Encodes every common key and the data set's own options side by side.
  ///
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(path, forKey: .path)
    try container.encode(trainLimit, forKey: .trainLimit)
    try container.encode(testLimit, forKey: .testLimit)
    try container.encode(validation, forKey: .validation)
    try container.encode(validationBy, forKey: .validationBy)
    try container.encode(subsetSeed, forKey: .subsetSeed)
    try container.encode(balance, forKey: .balance)
    try container.encode(normalize, forKey: .normalize)
    try container.encode(imageSize, forKey: .imageSize)
    try container.encode(storedSize, forKey: .storedSize)
    try container.encode(channels, forKey: .channels)
    try container.encode(resize, forKey: .resize)
    try container.encode(jpegDecoding, forKey: .jpegDecoding)
    try options.encode(to: encoder)
  }
}

extension HeldOutSize: Codable {
  /// Decodes an integer as a number of images and any other number as a share.
  ///
  /// - Throws: `DecodingError` where it is something else.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let count = try? container.decode(Int.self) {
      self = .count(count)
    } else {
      self = .fraction(try container.decode(Double.self))
    }
  }

  /// Encodes the plain number.
  ///
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .fraction(let share): try container.encode(share)
    case .count(let count): try container.encode(count)
    }
  }
}
