/// What cannot be done with what was asked for, in one sentence.
public struct WorkbenchError: Error, CustomStringConvertible {
  /// Whose mistake it is.
  public enum Kind: Sendable {
    /// A value that is not one of those that are taken.
    case usage
    /// Data or a spec that cannot be used.
    case badData
    /// A file, run or sweep that does not exist.
    case noInput
  }

  /// The sentence.
  public var description: String
  /// Whose mistake it is.
  public var kind: Kind

  /// Says what cannot be done.
  public init(_ description: String, kind: Kind = .usage) {
    self.description = description
    self.kind = kind
  }
}
