/// The designs that specs can name.
public struct DesignRegistry: Sendable {
  /// The designs in the order of the documentation; a spec without a design gets the first.
  public let designs: [any Design]

  /// Creates a registry.
  public init(_ designs: [any Design]) { self.designs = designs }

  /// The designs that come with the project.
  public static let standard = DesignRegistry([
    FactorialDesign(),
    OneFactorAtATimeDesign(),
    LeaveOneOutDesign(),
    AddOneInDesign(),
    PairsDesign(),
    ListDesign(),
  ])

  /// The design of a name.
  public func design(named name: String) -> (any Design)? { designs.first { $0.name == name } }

  /// The names in the order of the documentation.
  public var names: [String] { designs.map(\.name) }
}
