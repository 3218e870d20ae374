import LabCore

/// Which of a network's convolutions a variant takes the place of.
public struct ReplacedLayers: Codable, Hashable, Sendable {
  /// A choice among the convolutions that may be replaced.
  public enum Places: Hashable, Sendable {
    /// Every one.
    case all
    /// The first one of the network.
    case first
    /// The last one of the network.
    case last
    /// Those of some stages, counted from 1.
    case stages([Int])
  }

  /// Which convolutions are replaced among those that may be.
  public var places = Places.all
  /// Whether 1×1 convolutions may be replaced.
  public var includesPointwise = true
  /// Whether the stem and the shortcuts' 1×1 convolutions may be replaced, too, which the papers leave static.
  public var isEverywhere = false

  /// Creates a choice of all convolutions of blocks.
  public init(isEverywhere: Bool = false) { self.isEverywhere = isEverywhere }

  enum CodingKeys: String, CodingKey {
    case places = "layers"
    case includesPointwise = "pointwise"
    case isEverywhere = "everywhere"
  }

  /// The keys of the choice.
  static let fields: [ConfigurationSchema.Field] = [
    .init(
      "layers", .either([.choice(Places.names.map(\.0)), .array(.integer(1...64))]), default: "all",
      "Which convolutions are dynamic: all, the first or the last of the network, or those of a list of stages, counted "
        + "from 1."
    ).compared(Places.names.map { .string($0.0) }),
    .init("pointwise", .boolean, default: true, "Whether the 1×1 convolutions of blocks are dynamic, too."),
    .init(
      "everywhere", .boolean, default: false,
      "Whether the stem and the shortcuts' 1×1 convolutions are dynamic, too; the papers leave them static."),
  ]
}

extension ReplacedLayers.Places: Codable {
  /// The choices that have a name.
  fileprivate static let names: [(String, Self)] = [("all", .all), ("first", .first), ("last", .last)]

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let name = try? container.decode(String.self), let place = Self.names.first(where: { $0.0 == name })?.1 {
      self = place
    } else {
      self = .stages(try container.decode([Int].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if case .stages(let stages) = self {
      try container.encode(stages)
    } else {
      try container.encode(Self.names.first { $0.1 == self }?.0)
    }
  }
}
