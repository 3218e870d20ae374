import LabCore

/// One combination of levels with its whole configuration.
public struct ResolvedVariant: Hashable, Sendable, Codable {
  /// The name in tables: `baseline`, or the levels that differ from it, such as `odconv-4x + spd`; unique in the plan.
  public var label: String
  /// The level of each factor, by the factor's name.
  public var levels: [String: String]
  /// Whether the other variants are compared with this one.
  public var isBaseline: Bool
  /// The resolved configuration with every key.
  public var configuration: JSONValue
  /// The part of the configuration that decides the result.
  public var identityConfiguration: JSONValue

  /// Creates a variant.
  public init(
    label: String, levels: [String: String], isBaseline: Bool, configuration: JSONValue,
    identityConfiguration: JSONValue
  ) {
    self.label = label
    self.levels = levels
    self.isBaseline = isBaseline
    self.configuration = configuration
    self.identityConfiguration = identityConfiguration
  }

  /// The hash that variants of equal results share.
  public var contentHash: ContentHash { identityConfiguration.contentHash }
}
