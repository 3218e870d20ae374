/// Why there is no window.
public struct ServeError: Error, Equatable, CustomStringConvertible {
  /// Who has to do something about it.
  public enum Kind: Sendable {
    /// The arguments are wrong.
    case usage
    /// The machine refuses something.
    case machine
  }

  /// Who has to do something about it.
  public let kind: Kind
  /// One sentence: what, and what to do.
  public let description: String

  init(kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
