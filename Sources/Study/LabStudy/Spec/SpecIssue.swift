import LabCore

/// One thing that is wrong, or probably not meant, in a spec.
public struct SpecIssue: Error, Hashable, Sendable {
  /// How bad it is.
  public enum Severity: String, Hashable, Sendable, Codable {
    /// Nothing is trained until it is mended.
    case error
    /// Probably a mistake; the sweep can start.
    case warning
  }

  /// How many issues of a spec are printed; of more, their number is.
  public static let mostReported = 20
  /// How many issues of one sort come with the name that was probably meant.
  static let mostExplained = 20
  /// How many issues of one sort have a place of their own.
  static let mostLocated = 1000

  /// How bad it is.
  public var severity: Severity
  /// The spec's file, once known.
  public var file: String?
  /// The key or value that is to blame; nil where nothing in the file is.
  public var location: SourceLocation?
  /// The way to the key, such as `training.learning_rate` or `factors.conv[1]`.
  public var keyPath: ConfigurationPath
  /// What is wrong, in one sentence without the suggestion.
  public var message: String
  /// What was found there, such as `the string "fast"`.
  public var found: String?
  /// What would have been right, such as `a number above 0`.
  public var expected: String?
  /// The nearest valid name, if one is near.
  public var suggestion: String?
  /// What to do about it, as a sentence of its own, where that does not follow from the message.
  public var hint: String?

  /// Creates an issue.
  public init(
    _ severity: Severity = .error, file: String? = nil, at location: SourceLocation? = nil,
    keyPath: ConfigurationPath = .root, message: String, found: String? = nil, expected: String? = nil,
    suggestion: String? = nil, hint: String? = nil
  ) {
    self.severity = severity
    self.file = file
    self.location = location
    self.keyPath = keyPath
    self.message = message
    self.found = found
    self.expected = expected
    self.suggestion = suggestion
    self.hint = hint
  }

  /// Creates an issue from what looking at data or settings found.
  public init(_ finding: Finding) {
    self.init(
      finding.severity == .error ? .error : .warning, keyPath: finding.key, message: finding.message,
      hint: finding.remedy)
  }

  /// Creates an issue from what a schema says of a value.
  init(_ issue: ConfigurationIssue, at location: SourceLocation?, keyPath: ConfigurationPath? = nil) {
    self.init(
      at: location, keyPath: keyPath ?? issue.path, message: issue.message, found: issue.found,
      expected: issue.expected, suggestion: issue.suggestion)
  }
}

extension SpecIssue: CustomStringConvertible {
  /// The issue in one line, as compilers print theirs:
  /// `Experiments/a.json:12:15: training.learning_rate: expected a number above 0, found the string "fast"`.
  public var description: String {
    var text = ""
    if let file { text += file + ":" }
    if let location { text += "\(location):" }
    if !text.isEmpty { text += " " }
    if severity == .warning { text += "warning: " }
    if !keyPath.components.isEmpty { text += "\(keyPath): " }
    text += message
    if let suggestion { text += " (did you mean \"\(suggestion)\"?)" }
    if let hint { text += ". " + hint }
    return text.printable
  }

  /// The line of the text that is to blame, and below it a mark under the column.
  ///
  /// - Parameter text: the spec's text.
  /// - Returns: two lines, or nil where the issue has no location in the text.
  public func excerpt(of text: String) -> String? {
    excerpt(of: text.split(omittingEmptySubsequences: false) { $0.isNewline })
  }

  /// The excerpt of a text that has been split into its lines.
  func excerpt(of lines: [Substring]) -> String? {
    guard let location else { return nil }
    guard lines.indices.contains(location.line - 1) else { return nil }
    let line = lines[location.line - 1].unicodeScalars.drop { $0 == "\u{feff}" }
    guard line.count < 200, !line.isEmpty else { return nil }
    // Tabs stay tabs, so that the mark is under its column however wide a tab is.
    let indentation = line.prefix(location.column - 1)
      .map { $0 == "\t" ? "\t" : String(repeating: " ", count: String($0).printable.unicodeScalars.count) }.joined()
    return "\(String(Substring(line)).printableLines)\n\(indentation)^"
  }
}

extension [SpecIssue] {
  /// The issues that keep the sweep from starting.
  public var errors: [SpecIssue] { filter { $0.severity == .error } }
  /// The issues that do not.
  public var warnings: [SpecIssue] { filter { $0.severity == .warning } }

  /// The first issues, and in words how many more there are; nil where there are none.
  ///
  /// Errors are preferred, since they are what has to be mended first.
  func forPrinting() -> (shown: [SpecIssue], rest: String?) {
    guard count > SpecIssue.mostReported else { return (self, nil) }
    let shown = Array((errors + warnings).prefix(SpecIssue.mostReported))
    return (shown, "and \(count - shown.count) more")
  }

  /// The issues in the order of the file, each once, errors before warnings of the same place.
  func inFileOrder() -> [SpecIssue] {
    var seen = Set<SpecIssue>()
    return enumerated().filter { seen.insert($0.element).inserted }.sorted { a, b in
      let left = (a.element.location ?? .start, a.element.severity == .error ? 0 : 1, a.offset)
      let right = (b.element.location ?? .start, b.element.severity == .error ? 0 : 1, b.offset)
      return left < right
    }.map(\.element)
  }
}
