import LabCore

/// A component that a spec can name, and its parts, which an ablation can switch or vary.
public struct ComponentParts: Sendable {
  /// The key that takes the component, such as `model.conv`.
  public let key: ConfigurationPath
  /// The name that a spec gives: the component's, or an alias.
  public let name: String
  /// The component.
  public let variant: ConfigurationSchema.Variant
  /// Its parts, in the order of its options.
  public let parts: [ConfigurationSchema.Part]

  /// The parts that the component has, and can do without.
  public var removableParts: [ConfigurationSchema.Part] { parts.filter(\.canBeLeftOut) }
}

extension StudySchema {
  /// Every component that a key of the configuration takes by name, such as convolutions, losses and architectures.
  public var components: [ComponentParts] {
    keys.filter { $0.variants.isEmpty }.flatMap { key in
      Self.variants(in: key.kind).flatMap { variant in
        ([nil] + variant.aliases.keys.sorted().map(Optional.some)).map { alias in
          ComponentParts(
            key: key.path, name: alias ?? variant.name, variant: variant, parts: variant.parts(alias: alias))
        }
      }
    }
  }

  /// The components of a name.
  ///
  /// - Parameter name: the name of a component or an alias, by itself or behind its key: `odconv`, `model.conv.odconv`.
  /// - Throws: ``SpecError/component(name:suggestion:matches:)`` where no component or several have the name.
  public func component(_ name: String) throws -> ComponentParts {
    let all = components
    let matches = all.filter { $0.name == name || "\($0.key).\($0.name)" == name }
    guard matches.count == 1 else {
      throw SpecError.component(
        name: name, suggestion: NearestName.suggestion(for: name, among: all.map(\.name)),
        matches: matches.map { "\($0.key).\($0.name)" })
    }
    return matches[0]
  }

  private static func variants(in kind: ConfigurationSchema.Kind) -> [ConfigurationSchema.Variant] {
    switch kind {
    case .variant(let variants): variants
    case .optional(let kind): variants(in: kind)
    case .either(let kinds): kinds.flatMap(variants)
    case .boolean, .integer, .number, .string, .choice, .array, .object: []
    }
  }
}
