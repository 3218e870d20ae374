import LabCore

/// By what the channels of images are shifted and scaled.
public enum ImageNormalization: Hashable, Sendable, ExpressibleByBooleanLiteral {
  /// Values from 0 to 1 stay as they are.
  case none
  /// The mean and standard deviation of the training split.
  case training
  /// Those of ImageNet, by which most published weights were trained.
  case imagenet
  /// Numbers that are given.
  case given(ChannelStatistics)

  /// The training split's, or none.
  public init(booleanLiteral value: Bool) { self = value ? .training : .none }

  /// The values that a spec may have.
  static let kind = ConfigurationSchema.Kind.either([
    .boolean, .choice(["imagenet"]),
    .object(
      ConfigurationSchema([
        .init("mean", .array(.number(.any)), default: nil, "The mean of each channel, of values from 0 to 1."),
        .init(
          "standard_deviation", .array(.number(.positive)), default: nil,
          "What each channel is divided by, of values from 0 to 1."),
      ])),
  ])

  /// The numbers by which images are normalized; nil leaves them as they are.
  ///
  /// - Parameters:
  ///   - own: those of the training split.
  ///   - channels: the images' channels.
  /// - Throws: ``DataError/invalidOption(key:actual:expected:)`` where there are other numbers than channels.
  func statistics(own: ChannelStatistics, channels: Int) throws -> ChannelStatistics? {
    let chosen: ChannelStatistics
    switch self {
    case .none: return nil
    case .training: return own
    case .imagenet: chosen = .imagenet
    case .given(let statistics): chosen = statistics
    }
    guard chosen.mean.count == channels, chosen.standardDeviation.count == channels else {
      throw DataError.invalidOption(
        key: "normalize",
        actual: "\(chosen.mean.count) means and \(chosen.standardDeviation.count) deviations for images of \(channels) "
          + (channels == 1 ? "channel" : "channels"), expected: "one for each channel")
    }
    return chosen
  }
}

extension ImageNormalization: Codable {
  private enum CodingKeys: String, CodingKey {
    case mean
    case standardDeviation = "standard_deviation"
  }

  /// Decodes true, false, a name, or numbers.
  ///
  /// - Throws: `DecodingError` where it is something else.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let isOn = try? container.decode(Bool.self) {
      self = isOn ? .training : .none
    } else if let name = try? container.decode(String.self) {
      guard name == "imagenet" else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "expected true, false, imagenet, or an object of numbers, found \(name)")
      }
      self = .imagenet
    } else {
      let numbers = try decoder.container(keyedBy: CodingKeys.self)
      self = .given(
        ChannelStatistics(
          mean: try numbers.decode([Double].self, forKey: .mean),
          standardDeviation: try numbers.decode([Double].self, forKey: .standardDeviation)))
    }
  }

  /// Encodes what is decoded.
  ///
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .none, .training:
      var container = encoder.singleValueContainer()
      try container.encode(self == .training)
    case .imagenet:
      var container = encoder.singleValueContainer()
      try container.encode("imagenet")
    case .given(let statistics):
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(statistics.mean, forKey: .mean)
      try container.encode(statistics.standardDeviation, forKey: .standardDeviation)
    }
  }
}
