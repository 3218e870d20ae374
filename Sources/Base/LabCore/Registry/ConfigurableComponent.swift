/// A component that a configuration names, with its options: a loss, an optimizer, a convolution variant.
///
/// The stored properties are the options; coding keys are in snake case. A new component is one such type and one
/// line in its family's registry.
public protocol ConfigurableComponent: Codable, Hashable, Sendable {
  /// Creates the component with every option at its default.
  init()

  /// The name, the options with their defaults, and the aliases.
  static var variant: ConfigurationSchema.Variant { get }
}

extension ConfigurableComponent {
  /// The name, and the aliases in alphabetic order.
  public static var registeredNames: [String] { [variant.name] + variant.aliases.keys.sorted() }
}
