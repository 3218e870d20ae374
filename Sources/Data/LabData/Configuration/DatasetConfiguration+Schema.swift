import LabCore

extension DatasetConfiguration {
  /// The keys of the object form: the common ones, then each registered data set's own.
  ///
  /// A data set's own key is null here unless it is set, which leaves it to that data set's default.
  public static let schema: ConfigurationSchema = {
    var fields = [
      ConfigurationSchema.Field(
        CodingKeys.name.rawValue, .choice(DatasetDefinition.registry.names), default: nil,
        "The registered name of the data set.")
    ]
    fields += commonFields
    for definition in DatasetDefinition.registry.entries {
      for own in definition.options.fields where !fields.contains(where: { $0.name == own.name }) {
        let takers = DatasetDefinition.registry.entries.filter { $0.options.field(own.name) != nil }.map(\.name)
        fields.append(
          .init(
            own.name, .optional(own.kind), default: .null, isResultRelevant: own.isResultRelevant,
            "\(own.summary) Only for \(takers.joined(separator: ", "))."))
      }
    }
    return ConfigurationSchema(fields)
  }()

  /// One entry a registered data set, with the keys that it takes beside `name` and their true defaults.
  public static let variants: [ConfigurationSchema.Variant] = DatasetDefinition.registry.entries.map { definition in
    .init(
      definition.name, definition.summary, options: ConfigurationSchema(commonFields + definition.options.fields))
  }

  /// Checks the name, every key and every value, without looking at files.
  ///
  /// - Throws: ``DataError``.
  public func validated() throws -> DatasetConfiguration {
    let definition = try DatasetDefinition.named(name)
    let object: JSONValue
    do {
      object = try JSONValue(encoding: self)
    } catch {
      throw DataError.invalidOption(key: "dataset", actual: "\(error)", expected: "finite numbers")
    }
    try ConfigurationSchema(Self.schema.fields.prefix(1) + Self.commonFields + definition.options.fields)
      .resolved(object, subject: "data set \(name)")
    _ = try checkedStoredSide()
    return self
  }

  /// The height and width at which images are kept; nil keeps their own.
  var storedSide: Int? { storedSize ?? imageSize }

  /// The height and width at which images are kept, from which the network's can be cut.
  ///
  /// - Throws: ``DataError/invalidOption(key:actual:expected:)`` where they are smaller than the network's.
  func checkedStoredSide() throws -> Int? {
    if let storedSize, imageSize.map({ storedSize < $0 }) ?? true {
      throw DataError.invalidOption(
        key: "stored_size", actual: "\(storedSize)",
        expected: imageSize.map { "at least the \($0) pixels of image_size, which are cut from it" }
          ?? "an image_size beside it, the side of what is cut from it")
    }
    return storedSide
  }

  static let commonFields: [ConfigurationSchema.Field] = [
    .init(
      CodingKeys.path.rawValue, .optional(.string), default: .null, isResultRelevant: false,
      "The folder or file that holds the data set; null looks in the standard places."),
    .init(
      CodingKeys.trainLimit.rawValue, .optional(.integer(1...Int(Int32.max))), default: .null,
      "At most this many training images, in equal proportion of every class; null takes all."),
    .init(
      CodingKeys.testLimit.rawValue, .optional(.integer(1...Int(Int32.max))), default: .null,
      "At most this many test images, in equal proportion of every class; null takes all."),
    .init(
      CodingKeys.validation.rawValue,
      .optional(
        .either([.integer(0...Int(Int32.max)), .number(.init(0, 1, includesMinimum: false, includesMaximum: false))])),
      default: .null,
      "The share (below 1) or number of training images set aside for validation, before any limit; 0: none; null: "
        + "the data's own validation images, where they have any."),
    .init(
      CodingKeys.validationBy.rawValue, .choice(HeldOutUnit.allCases.map(\.rawValue)), default: "auto",
      "Whether validation is split by class, or by group so that no group is on both sides; auto: by group if any."),
    .init(
      CodingKeys.subsetSeed.rawValue, .integer(0...Int(Int32.max)), default: 0,
      "The seed of the subsets and the validation split, shared by all runs."),
    .init(
      CodingKeys.balance.rawValue, .choice(ClassBalance.allCases.map(\.rawValue)), default: "none",
      "Whether the training split's class counts are evened out by leaving images out or by repeating them."),
    .init(
      CodingKeys.normalize.rawValue, ImageNormalization.kind, default: true,
      "Whether channels are normalised by the mean and standard deviation of the training split; or by ImageNet's (imagenet), or by "
        + "numbers that are given."),
    .init(
      CodingKeys.imageSize.rawValue, .optional(.integer(1...4096)), default: .null,
      "The height and width in pixels to which images are resampled; null keeps their own."),
    .init(
      CodingKeys.storedSize.rawValue, .optional(.integer(1...4096)), default: .null,
      "The height and width in pixels at which images are kept, of which random_resized_crop, or else the middle, is taken "
        + "at image_size; null keeps them at image_size."),
    .init(
      CodingKeys.channels.rawValue, .optional(.either([.integer(1...1), .integer(3...3)])), default: .null,
      "The number of channels, 1 (luminance) or 3 (RGB), to which images are converted; null keeps their own."),
    .init(
      CodingKeys.resize.rawValue, .choice(ImageFit.allCases.map(\.rawValue)), default: "squash",
      "How other proportions become image_size's square: squash them, letterbox (whole, on black) or crop (middle)."),
    .init(
      CodingKeys.jpegDecoding.rawValue, .choice(JPEGDecoding.allCases.map(\.rawValue)), default: "full",
      "Whether JPEG files are decoded whole (full), or faster to a half, quarter or eighth (reduced) that is at least twice "
        + "what is needed."),
  ]
}
