/// A family of interchangeable components, such as the losses.
///
/// ```swift
/// public enum LossFamily: ComponentFamily {
///   public static let registry = Registry<any LossFunction>("losses", [CrossEntropyLoss(), FocalLoss()]) {
///     type(of: $0).registeredNames
///   }
/// }
/// ```
public protocol ComponentFamily {
  /// The protocol that the family's components share, as an existential type; it refines ``ConfigurableComponent``.
  associatedtype Component: Sendable

  /// The components with every option at its default, in the order of the documentation.
  static var registry: Registry<Component> { get }
}

extension ComponentFamily {
  /// The components' names, options and aliases, in the order of the documentation.
  public static var variants: [ConfigurationSchema.Variant] { types.map { $0.variant } }

  /// The kind of a schema's field that selects one of the components.
  public static var kind: ConfigurationSchema.Kind { .variant(variants) }

  /// The component that a configuration selects: a name, an alias, or an object with a name and options.
  ///
  /// - Throws: ``ConfigurationError`` with the nearest valid names.
  public static func component(_ configuration: JSONValue) throws -> Component {
    let resolution = kind.resolve(configuration)
    guard resolution.issues.isEmpty else { throw ConfigurationError(issues: resolution.issues) }
    if let (key, value) = kind.companions(of: configuration).min(by: { $0.key < $1.key }) {
      let expected = "a component by itself"
      throw ConfigurationError(issues: [
        ConfigurationIssue(
          .conflict, at: .root,
          "expected \(expected), found \(configuration.foundDescription), which stands for \(key) \(value.canonicalText), too; "
            + "use it in a configuration that has the key \(key)", found: configuration.foundDescription,
          expected: expected)
      ])
    }
    for type in types where .string(type.variant.name) == resolution.value["name"] {
      if let component = try resolution.value.decode(type) as? Component { return component }
    }
    throw unregistered("\(configuration)")
  }

  /// The canonical configuration of a component: its name and every option.
  ///
  /// - Throws: ``RegistryError/unregistered(title:value:registered:)``.
  public static func configuration(of component: Component) throws -> JSONValue {
    let own = type(of: component as Any)
    guard let type = types.first(where: { $0 == own }), let value = component as? any ConfigurableComponent else {
      throw unregistered("\(own)")
    }
    var options = try JSONValue(encoding: value)
    options["name"] = .string(type.variant.name)
    let resolution = kind.resolve(options)
    guard resolution.issues.isEmpty else { throw ConfigurationError(issues: resolution.issues) }
    return resolution.value
  }

  private static var types: [any ConfigurableComponent.Type] {
    registry.entries.compactMap { ($0 as? any ConfigurableComponent).map { type(of: $0) } }
  }

  private static func unregistered(_ value: String) -> RegistryError {
    .unregistered(title: registry.title, value: value, registered: registry.names)
  }
}
