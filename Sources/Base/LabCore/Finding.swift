/// Something about a study's data or settings that its author should know before anything is trained.
///
/// Every part of the program that looks at data or settings returns findings; one place prints them, and one option turns
/// warnings into errors.
public struct Finding: Error, Hashable, Codable, Sendable {
  /// How bad it is.
  public enum Severity: String, Hashable, Sendable, Codable {
    /// A result would be nonsense: nothing is trained.
    case error
    /// Probably a mistake, which a result can survive.
    case warning
  }

  /// How bad it is.
  public var severity: Severity
  /// The key of the configuration that is to blame or would help, such as `dataset.validation`.
  public var key: ConfigurationPath
  /// What was found, in one sentence with its numbers and, where there are files, their names.
  public var message: String
  /// What to do about it, as a sentence of its own.
  public var remedy: String?

  /// Creates a finding.
  public init(_ severity: Severity = .warning, key: ConfigurationPath, message: String, remedy: String? = nil) {
    self.severity = severity
    self.key = key
    self.message = message
    self.remedy = remedy
  }
}

extension Finding: CustomStringConvertible {
  /// The finding as a sentence, with its remedy behind it.
  public var description: String { message + (remedy.map { ". " + $0 } ?? "") }
}
