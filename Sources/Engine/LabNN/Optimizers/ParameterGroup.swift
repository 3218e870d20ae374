import LabCore

/// Settings for the parameters that a pattern matches.
public struct ParameterGroup: Codable, Hashable, Sendable {
  /// A name with `*` for any characters, such as `layer1.*`, or `tag:` and a tag, such as `tag:head`.
  public var pattern: String
  /// The factor of the learning rate; 0 freezes the parameters.
  public var learningRateFactor: Double
  /// The weight decay; nil for what the parameters would have without the group.
  public var weightDecay: Double?

  /// Creates a group.
  public init(pattern: String, learningRateFactor: Double = 1, weightDecay: Double? = nil) {
    self.pattern = pattern
    self.learningRateFactor = learningRateFactor
    self.weightDecay = weightDecay
  }

  enum CodingKeys: String, CodingKey {
    case pattern
    case learningRateFactor = "learning_rate_factor"
    case weightDecay = "weight_decay"
  }

  /// The keys of a group in a configuration.
  public static let schema = ConfigurationSchema([
    .init(
      "pattern", .string, default: nil,
      "The parameters: a name with * for any characters, such as layer1.*, or tag:stem, tag:head, tag:attention."),
    .init(
      "learning_rate_factor", .number(.nonNegative), default: 1,
      "The factor of the learning rate; 0 freezes the parameters."),
    .init(
      "weight_decay", .optional(.number(.nonNegative)), default: .null,
      "The weight decay; null for what the parameters would have without the group."),
  ])

  /// Whether the group has a parameter.
  public func matches(_ declaration: ParameterDeclaration) -> Bool {
    if pattern.hasPrefix("tag:") { return declaration.tags.contains(String(pattern.dropFirst(4))) }
    return Self.matches(pattern[...], declaration.name[...])
  }

  /// The pattern that was most likely meant where this one matches nothing.
  public func suggestion(among declarations: [ParameterDeclaration]) -> String? {
    var candidates = Set(declarations.flatMap(\.tags)).sorted().map { "tag:\($0)" } + declarations.map(\.name)
    if pattern.hasSuffix(".*") {
      let depth = pattern.split(separator: ".").count - 1
      candidates +=
        Set(declarations.map { $0.name.split(separator: ".").prefix(depth).joined(separator: ".") + ".*" }).sorted()
    }
    return NearestName.suggestion(for: pattern, among: candidates)
  }

  /// Whether a pattern, with `*` for any characters, is that of a name.
  package static func matches(_ pattern: String, _ name: String) -> Bool { matches(pattern[...], name[...]) }

  private static func matches(_ pattern: Substring, _ name: Substring) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == "*" {
      let rest = pattern.dropFirst()
      if rest.isEmpty { return true }
      return name.indices.contains { matches(rest, name[$0...]) } || matches(rest, name[name.endIndex...])
    }
    return name.first == first && matches(pattern.dropFirst(), name.dropFirst())
  }
}
