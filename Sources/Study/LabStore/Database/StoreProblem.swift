/// Something in a results folder that does not fit, and what to do about it.
public struct StoreProblem: Sendable, Hashable {
  /// How much it matters.
  public enum Severity: String, Sendable {
    /// A result, or what a run goes on from, is damaged, missing or not what it says.
    case problem
    /// Something lies there that nothing needs.
    case note
  }

  /// How much it matters.
  public var severity: Severity
  /// The file or folder.
  public var path: String
  /// The run that it belongs to, by its first digits, where it belongs to one.
  public var run: String?
  /// What was found, as a sentence.
  public var text: String
  /// What to do, as a sentence.
  public var remedy: String
}
