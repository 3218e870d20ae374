import LabCore

/// The components of a family by name.
public struct Registry<Component: Sendable>: Sendable {
  /// One registered component.
  public struct Entry: Sendable {
    /// The name, options and aliases.
    public let variant: ConfigurationSchema.Variant
    let decode: @Sendable (JSONValue) throws -> Component
    let encode: @Sendable (Component) throws -> JSONValue?

    /// Registers a type; `erase` is always `{ $0 }`.
    public init<Value: ConfigurableComponent>(
      _ type: Value.Type, _ erase: @escaping @Sendable (Value) -> Component
    ) {
      variant = type.variant
      decode = { erase(try $0.decode(Value.self)) }
      encode = { try ($0 as? Value).map { try JSONValue(encoding: $0) } }
    }
  }

  /// The components, in the order of the documentation.
  public let entries: [Entry]

  /// Creates a registry.
  public init(_ entries: [Entry]) { self.entries = entries }

  /// The kind of a schema's field that selects one of the components.
  public var kind: ConfigurationSchema.Kind { .variant(entries.map(\.variant)) }

  /// The registered names, without aliases.
  public var names: [String] { entries.map(\.variant.name) }

  /// The component that a configuration selects: a name, an alias, or an object with a name and options.
  ///
  /// - Throws: ``LabCore/ConfigurationError`` with the nearest valid names.
  public func component(_ configuration: JSONValue) throws -> Component {
    let resolution = kind.resolve(configuration)
    guard resolution.issues.isEmpty else { throw ConfigurationError(issues: resolution.issues) }
    guard let entry = entries.first(where: { .string($0.variant.name) == resolution.value["name"] }) else {
      preconditionFailure("a resolved configuration names a registered component")
    }
    return try entry.decode(resolution.value)
  }

  /// The canonical configuration of a component: its name and every option.
  ///
  /// - Throws: ``ModelError/unregistered(component:registered:)``.
  public func configuration(of component: Component) throws -> JSONValue {
    for entry in entries {
      guard var options = try entry.encode(component) else { continue }
      options["name"] = .string(entry.variant.name)
      let resolution = kind.resolve(options)
      guard resolution.issues.isEmpty else { throw ConfigurationError(issues: resolution.issues) }
      return resolution.value
    }
    throw ModelError.unregistered(component: "\(type(of: component as Any))", registered: names)
  }
}
