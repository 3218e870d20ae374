import LabCore

/// Whether and how text is coloured; the command line decides, knowing the terminal and `NO_COLOR`.
public struct Style: Sendable, Hashable {
  /// What a piece of text is.
  public enum Role: Sendable, Hashable, CaseIterable {
    /// A title or a column's name.
    case heading
    /// The best value of a column.
    case best
    /// The second best value of a column.
    case second
    /// A difference whose interval is on the better side.
    case better
    /// A difference whose interval is on the worse side.
    case worse
    /// Something to look at, such as an interrupted run.
    case warning
    /// A failed or diverged run.
    case failure
    /// Something of less importance.
    case faint
  }

  private let isColored: Bool

  /// No colour at all.
  public static let plain = Style(isColored: false)
  /// The sixteen colours that every terminal has.
  public static let colored = Style(isColored: true)

  /// The text in its role's colour; empty text stays empty.
  public func apply(_ role: Role?, to text: String) -> String {
    guard isColored, let role, !text.isEmpty else { return text }
    return role.sequence + text + Style.reset
  }

  /// The text of several lines in which nothing steers a terminal but the colours that this style gives.
  ///
  /// Names cannot be told from colours here, so a view makes its names printable before it colours them.
  public func printable(_ text: String) -> String {
    guard isColored else { return text.printableLines }
    var result = ""
    var rest = text.unicodeScalars[...]
    while let escape = rest.firstIndex(of: "\u{1b}") {
      result += String(rest[..<escape]).printableLines
      rest = rest[escape...]
      let own = Style.sequences.first { rest.starts(with: $0.unicodeScalars) }
      let end = rest.index(rest.startIndex, offsetBy: own?.unicodeScalars.count ?? 1)
      result += own ?? String(rest[..<end]).printable
      rest = rest[end...]
    }
    return result + String(rest).printableLines
  }

  /// The text without the colours that a style gives.
  func stripped(_ text: String) -> String {
    Style.sequences.reduce(text) { $0.replacing($1, with: "") }
  }

  /// What ends a colour.
  private static let reset = "\u{1b}[0m"
  /// Every sequence that a style writes.
  private static let sequences = Role.allCases.map(\.sequence) + [reset]
}

extension Style.Role {
  /// What begins the role's colour.
  fileprivate var sequence: String {
    let code =
      switch self {
      case .heading: "1"
      case .best: "1;32"
      case .second: "4;32"
      case .better: "32"
      case .worse: "31"
      case .warning: "33"
      case .failure: "1;31"
      case .faint: "2"
      }
    return "\u{1b}[\(code)m"
  }
}
