/// One thing that is wrong with a configuration.
public struct ConfigurationIssue: Hashable, Sendable {
  /// What sort of mistake it is.
  public enum Kind: String, Sendable {
    /// A key that the schema does not have.
    case unknownKey
    /// A name that no registered entry has.
    case unknownName
    /// A value of another type than the key takes.
    case wrongType
    /// A value of the right type beyond its bounds.
    case outOfRange
    /// A key without a default that is not given.
    case missing
    /// A key beside another one that says the same in another way.
    case conflict
  }

  /// What sort of mistake it is.
  public var kind: Kind
  /// Where it is; the path of an unknown or missing key ends in that key.
  public var path: ConfigurationPath
  /// The sentence for the reader, without the path and the suggestion.
  public var message: String
  /// What was given, such as `the string "fast"`; nil for a missing key.
  public var found: String?
  /// What would have been right, such as `a number above 0`.
  public var expected: String
  /// The valid name nearest to the one that was given, if one is near.
  public var suggestion: String?

  /// Creates an issue.
  public init(
    _ kind: Kind, at path: ConfigurationPath, _ message: String, found: String?, expected: String,
    suggestion: String? = nil
  ) {
    self.kind = kind
    self.path = path
    self.message = message
    self.found = found
    self.expected = expected
    self.suggestion = suggestion
  }
}

extension ConfigurationIssue: CustomStringConvertible {
  /// The issue in one line: path, message and suggestion.
  public var description: String {
    ((path.components.isEmpty ? "" : "\(path): ") + message
      + (suggestion.map { " (did you mean \"\($0)\"?)" } ?? "")).printable
  }
}

/// A configuration that does not fit its schema, with everything that is wrong with it.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// What is wrong; never empty.
  public var issues: [ConfigurationIssue]

  /// Creates an error.
  public init(issues: [ConfigurationIssue]) { self.issues = issues }

  /// The issues, a line each.
  public var description: String { issues.map(\.description).joined(separator: "\n") }
}
