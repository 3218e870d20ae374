import LabCore

/// A component that a configuration names, with its options: a loss, an optimiser, a convolution variant.
///
/// The stored properties are the options; coding keys are in snake case. A new component is one such type and one
/// line in its family's registry.
public protocol ConfigurableComponent: Codable, Hashable, Sendable {
  /// Creates the component with every option at its default.
  init()

  /// The name, the options with their defaults, and the aliases.
  static var variant: ConfigurationSchema.Variant { get }
}

/// A family of interchangeable components.
public protocol ComponentFamily {
  /// The protocol that the family's components share, as an existential type.
  associatedtype Component: Sendable

  /// The components, in the order of the documentation.
  static var registry: Registry<Component> { get }
}
