/// One axis of a study.
public struct Factor: Sendable, Hashable {
  /// The factor's name, such as `conv`.
  public var name: String
  /// Its levels' labels in the order of the spec.
  public var levels: [String]

  /// Creates a factor.
  public init(name: String, levels: [String]) {
    self.name = name
    self.levels = levels
  }
}
