import LabCore

extension AugmentationConfiguration {
  /// The keys of the object form.
  public static let schema = ConfigurationSchema([
    .init(
      CodingKeys.randomResizedCrop.rawValue, .optional(.object(RandomResizedCrop.schema)), default: .null,
      "A part of random area and proportions that is resized to image_size; null takes the middle."),
    .init(
      CodingKeys.cropPadding.rawValue, .integer(0...1024), default: 0,
      "Pixels of padding on each side before a random crop of the image's own size; 0: no crop."),
    .init(
      CodingKeys.horizontalFlip.rawValue, .boolean, default: false,
      "Whether every second image, at random, is mirrored left to right."),
    .init(
      CodingKeys.rotateDegrees.rawValue, .number(.init(0, 180)), default: 0,
      "The largest rotation in degrees to either side."),
    .init(
      CodingKeys.translate.rawValue, .number(.unit), default: 0,
      "The largest translation in each direction, as a share of the image's size."),
    .init(
      CodingKeys.scale.rawValue, .number(.init(0, 1, includesMaximum: false)), default: 0,
      "The largest relative change of size: 0.1 is a factor between 0.9 and 1.1."),
    .init(
      CodingKeys.brightness.rawValue, .number(.unit), default: 0,
      "The largest relative change of brightness: 0.2 is a factor between 0.8 and 1.2."),
    .init(
      CodingKeys.contrast.rawValue, .number(.unit), default: 0,
      "The largest relative change of contrast about the image's mean luminance."),
    .init(
      CodingKeys.cutout.rawValue, .integer(0...4096), default: 0,
      "The side in pixels of a square that is blanked at a random place; 0: none."),
    .init(
      CodingKeys.mixup.rawValue, .number(.init(0, 64)), default: 0,
      "The parameter alpha of mixup's Beta(alpha, alpha) distribution; 0: no mixing."),
    .init(
      CodingKeys.fill.rawValue, .choice(AugmentationFill.allCases.map(\.rawValue)), default: "black",
      "What pixels from outside the image and cut-out pixels are: black, or the training split's mean."),
  ])

  /// What a spec accepts: the name of a preset or the object form.
  public static let kind = ConfigurationSchema.Kind.either([.choice(presets.keys.sorted()), .object(schema)])

  /// Reads the object form, as in a spec.
  ///
  /// - Throws: ``DataError/unknownOption(subject:key:known:)`` or ``DataError/invalidOption(key:actual:expected:)``.
  public init(checking object: JSONValue) throws {
    self = try Self.schema.resolved(object, subject: "augmentation").decode(Self.self)
  }

  /// Checks every value.
  ///
  /// - Throws: ``DataError/invalidOption(key:actual:expected:)``.
  public func validated() throws -> AugmentationConfiguration {
    let object: JSONValue
    do {
      object = try JSONValue(encoding: self)
    } catch {
      throw DataError.invalidOption(key: "augmentation", actual: "\(error)", expected: "finite numbers")
    }
    try Self.schema.resolved(object, subject: "augmentation")
    return self
  }
}
