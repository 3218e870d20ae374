import LabCore

/// One key whose value differs between two configurations.
public struct ConfigurationDifference: Hashable, Sendable, CustomStringConvertible {
  /// The key.
  public var path: ConfigurationPath
  /// The value before; nil where the key was absent.
  public var before: JSONValue?
  /// The value after; nil where the key is absent.
  public var after: JSONValue?

  /// The differences of two configurations in the order of their paths; objects are compared key by key.
  public static func between(
    _ before: JSONValue?, _ after: JSONValue?, at path: ConfigurationPath = .root
  ) -> [ConfigurationDifference] {
    // 1 and 1.0 are the same configuration.
    guard before?.canonicalText != after?.canonicalText else { return [] }
    guard case .object(let old)? = before, case .object(let new)? = after else {
      return [ConfigurationDifference(path: path, before: before, after: after)]
    }
    return Set(old.keys).union(new.keys).sorted().flatMap { between(old[$0], new[$0], at: path.appending($0)) }
  }

  /// The difference for people: `training.epochs 3 → 5`.
  public var description: String {
    "\(path) \(before?.canonicalText ?? "absent") → \(after?.canonicalText ?? "absent")"
  }
}
