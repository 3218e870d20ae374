/// The languages that a spec may be written in.
public enum SourceFormat: String, Sendable, CaseIterable {
  /// JSON with comments and trailing commas.
  case json
  /// YAML 1.2, one document.
  case yaml

  /// The format of a file by its extension, or nil for another extension.
  public init?(fileExtension: String) {
    switch fileExtension.lowercased() {
    case "json", "jsonc": self = .json
    case "yaml", "yml": self = .yaml
    default: return nil
    }
  }

  /// The file extensions of specs, the usual one of each format first.
  public static let fileExtensions = ["json", "jsonc", "yaml", "yml"]
}

/// What a text parses to.
public struct SourceParse: Sendable {
  /// The value, where the text is well-formed.
  public var value: SourceValue?
  /// Syntax errors, which leave no value, and repeated keys, of which the first counts; without a file's name.
  public var issues: [SpecIssue]
}

extension SourceValue {
  /// The limits that keep a hostile file from exhausting the stack or the memory.
  public enum Limits {
    /// The deepest nesting of arrays and objects.
    public static let nesting = 64
    /// The number of values of all kinds.
    public static let values = 200_000
    /// The size of a file in bytes.
    public static let bytes = 1 << 20
    /// The number of aliases (`*name`) in a YAML file, which bounds what they can expand to.
    public static let aliases = 32
  }

  /// Parses a text; never traps, whatever the text is.
  public static func parse(_ text: String, format: SourceFormat) -> SourceParse {
    guard text.utf8.count <= Limits.bytes else {
      let issue = SpecIssue(
        at: .start, message: "the file has \(text.utf8.count) bytes; a spec may have at most \(Limits.bytes)")
      return SourceParse(value: nil, issues: [issue])
    }
    // A byte-order mark, as editors on Windows write it, is no part of the text.
    let text = text.unicodeScalars.first == "\u{feff}" ? String(text.unicodeScalars.dropFirst()) : text
    switch format {
    case .json:
      var parser = JSONSourceParser(text)
      return parser.parse()
    case .yaml:
      var parser = YAMLSourceParser(text)
      return parser.parse()
    }
  }
}

/// Why a text is not well-formed.
struct SourceSyntaxError: Error {
  var location: SourceLocation
  var message: String
  var found: String?
  var expected: String?

  init(_ message: String, at location: SourceLocation, found: String? = nil, expected: String? = nil) {
    self.location = location
    self.message = message
    self.found = found
    self.expected = expected
  }

  /// An error of the form "expected …, found …".
  init(expected: String, found: String, at location: SourceLocation, context: String = "") {
    self.init("expected \(expected)\(context), found \(found)", at: location, found: found, expected: expected)
  }

  var issue: SpecIssue { SpecIssue(at: location, message: message, found: found, expected: expected) }
}
