import LabCore

/// How training images are varied: a different, reproducible variation of each image in each epoch.
///
/// Everything is off by default. First a part of the stored image is taken and resized; brightness and contrast act on
/// its pixels; then rotation, scale and translation, crop and flip act together on the geometry; then a square is cut
/// out; at last images are mixed.
public struct AugmentationConfiguration: Hashable, Sendable {
  /// The part of the stored image that is resized to the network's side; nil takes the middle.
  public var randomResizedCrop: RandomResizedCrop?
  /// Pixels of padding on each side before a crop of the image's own size at a random place; 0: no crop.
  public var cropPadding = 0
  /// Whether every second image, at random, is mirrored left to right.
  public var horizontalFlip = false
  /// The largest rotation in degrees to either side.
  public var rotateDegrees = 0.0
  /// The largest translation in each direction, as a share of the image's size.
  public var translate = 0.0
  /// The largest relative change of size: 0.1 is a factor between 0.9 and 1.1.
  public var scale = 0.0
  /// The largest relative change of brightness: 0.2 is a factor between 0.8 and 1.2.
  public var brightness = 0.0
  /// The largest relative change of contrast about the image's mean luminance.
  public var contrast = 0.0
  /// The side in pixels of a square that is blanked at a random place; 0: none.
  public var cutout = 0
  /// The parameter α of mixup's Beta(α, α) distribution; 0: no mixing.
  public var mixup = 0.0
  /// What pixels from outside the image and cut-out pixels are.
  public var fill = AugmentationFill.black

  /// Creates a configuration with everything off.
  public init() {}

  /// Named configurations that a spec can use in place of an object.
  public static let presets: [String: AugmentationConfiguration] = {
    var cropFlip = AugmentationConfiguration()
    cropFlip.cropPadding = 4
    cropFlip.horizontalFlip = true
    // A mirrored traffic sign or digit is another one, so this preset has no flip.
    var affine = AugmentationConfiguration()
    affine.rotateDegrees = 10
    affine.translate = 0.1
    affine.scale = 0.1
    affine.brightness = 0.2
    affine.contrast = 0.2
    return ["none": .init(), "crop-flip": cropFlip, "affine": affine]
  }()
}

/// What pixels from outside the image are.
public enum AugmentationFill: String, Codable, Hashable, Sendable, CaseIterable {
  /// The darkest value.
  case black
  /// The channel's mean over the training split, which is 0 once normalised.
  case mean
}

extension AugmentationConfiguration: Codable {
  package enum CodingKeys: String, CodingKey, CaseIterable {
    case randomResizedCrop = "random_resized_crop"
    case cropPadding = "crop_padding"
    case horizontalFlip = "horizontal_flip"
    case rotateDegrees = "rotate_degrees"
    case translate, scale, brightness, contrast, cutout, mixup, fill
  }

  /// Decodes the name of a preset, or an object whose absent keys are off.
  ///
  /// - Throws: `DecodingError` where it is something else.
  public init(from decoder: any Decoder) throws {
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      self = try Self.preset(name)
      return
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    randomResizedCrop = try container.decodeIfPresent(RandomResizedCrop.self, forKey: .randomResizedCrop)
    cropPadding = try container.decodeIfPresent(Int.self, forKey: .cropPadding) ?? cropPadding
    horizontalFlip = try container.decodeIfPresent(Bool.self, forKey: .horizontalFlip) ?? horizontalFlip
    rotateDegrees = try container.decodeIfPresent(Double.self, forKey: .rotateDegrees) ?? rotateDegrees
    translate = try container.decodeIfPresent(Double.self, forKey: .translate) ?? translate
    scale = try container.decodeIfPresent(Double.self, forKey: .scale) ?? scale
    brightness = try container.decodeIfPresent(Double.self, forKey: .brightness) ?? brightness
    contrast = try container.decodeIfPresent(Double.self, forKey: .contrast) ?? contrast
    cutout = try container.decodeIfPresent(Int.self, forKey: .cutout) ?? cutout
    mixup = try container.decodeIfPresent(Double.self, forKey: .mixup) ?? mixup
    fill = try container.decodeIfPresent(AugmentationFill.self, forKey: .fill) ?? fill
  }

  /// Encodes every key.
  ///
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(randomResizedCrop, forKey: .randomResizedCrop)
    try container.encode(cropPadding, forKey: .cropPadding)
    try container.encode(horizontalFlip, forKey: .horizontalFlip)
    try container.encode(rotateDegrees, forKey: .rotateDegrees)
    try container.encode(translate, forKey: .translate)
    try container.encode(scale, forKey: .scale)
    try container.encode(brightness, forKey: .brightness)
    try container.encode(contrast, forKey: .contrast)
    try container.encode(cutout, forKey: .cutout)
    try container.encode(mixup, forKey: .mixup)
    try container.encode(fill, forKey: .fill)
  }

  /// The preset of a name.
  ///
  /// - Throws: ``DataError/invalidOption(key:actual:expected:)`` with the nearest name.
  public static func preset(_ name: String) throws -> AugmentationConfiguration {
    if let preset = presets[name] { return preset }
    let names = presets.keys.sorted()
    throw DataError.invalidOption(
      key: "augmentation", actual: "\"\(name)\"\(NearestName.hint(for: name, among: names))",
      expected: "an object or one of \(names.joined(separator: ", "))")
  }
}
