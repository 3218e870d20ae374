/// A component of a family as a configuration holds it: encoded as its name and options.
public struct Selection<Family: ComponentFamily>: Codable, Sendable {
  /// The selected component.
  public var component: Family.Component

  /// Selects a component.
  public init(_ component: Family.Component) { self.component = component }

  /// Selects by name, alias, or an object with a name and options.
  ///
  /// - Throws: ``ConfigurationError`` with the nearest valid names.
  public init(configuration: JSONValue) throws {
    component = try Family.component(configuration)
  }

  public init(from decoder: any Decoder) throws {
    try self.init(configuration: JSONValue(from: decoder))
  }

  public func encode(to encoder: any Encoder) throws {
    try Family.configuration(of: component).encode(to: encoder)
  }

  /// The canonical configuration: the name and every option.
  ///
  /// - Throws: what the component throws when it is encoded.
  public func configuration() throws -> JSONValue { try Family.configuration(of: component) }
}

extension Selection: Hashable {
  private var key: JSONValue { (try? configuration()) ?? .string("\(component)") }

  public static func == (left: Selection, right: Selection) -> Bool { left.key == right.key }

  public func hash(into hasher: inout Hasher) { hasher.combine(key) }
}
