import LabCore

/// Crops of random area and proportions, which are resized to the network's side.
///
/// - Source: C. Szegedy et al., "Going deeper with convolutions", CVPR 2015; by the rule of torchvision's
///   `RandomResizedCrop`.
public struct RandomResizedCrop: Hashable, Sendable {
  /// The least and largest area, as a share of the stored image's.
  public var scale: ClosedRange<Double>
  /// The least and largest width divided by height.
  public var ratio: ClosedRange<Double>

  /// Creates a configuration.
  ///
  /// - Parameters:
  ///   - scale: the least and largest area, as a share of the stored image's.
  ///   - ratio: the least and largest width divided by height.
  public init(scale: ClosedRange<Double> = 0.08...1, ratio: ClosedRange<Double> = 0.75...4 / 3) {
    self.scale = scale
    self.ratio = ratio
  }

  /// The keys of a spec.
  static let schema = ConfigurationSchema([
    .init(
      CodingKeys.scale.rawValue, .array(.number(.init(0, 1, includesMinimum: false))), default: [0.08, 1],
      "The least and largest area of a crop, as a share of the stored image's."),
    .init(
      CodingKeys.ratio.rawValue, .array(.number(.positive)), default: [0.75, 1.3333333333333333],
      "The least and largest width of a crop divided by its height."),
  ])
}

extension RandomResizedCrop: Codable {
  enum CodingKeys: String, CodingKey {
    case scale, ratio
  }

  /// Decodes two pairs of numbers.
  ///
  /// - Throws: ``DataError/invalidOption(key:actual:expected:)`` where they are no least and largest one.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func range(_ key: CodingKeys, _ standard: ClosedRange<Double>) throws -> ClosedRange<Double> {
      guard let values = try container.decodeIfPresent([Double].self, forKey: key) else { return standard }
      guard values.count == 2, values[0] > 0, values[0] <= values[1] else {
        throw DataError.invalidOption(
          key: "random_resized_crop.\(key.rawValue)",
          actual: "[\(values.map { "\(JSONValue.number($0).canonicalText)" }.joined(separator: ", "))]",
          expected: "two numbers above 0, the least and the largest one")
      }
      return values[0]...values[1]
    }
    let standard = RandomResizedCrop()
    scale = try range(.scale, standard.scale)
    ratio = try range(.ratio, standard.ratio)
  }

  /// Encodes what is decoded.
  ///
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode([scale.lowerBound, scale.upperBound], forKey: .scale)
    try container.encode([ratio.lowerBound, ratio.upperBound], forKey: .ratio)
  }
}
