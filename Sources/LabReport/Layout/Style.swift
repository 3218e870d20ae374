/// Whether and how text is coloured; the command line decides, knowing the terminal and `NO_COLOR`.
public struct Style: Sendable, Hashable {
  /// What a piece of text is.
  public enum Role: Sendable, Hashable {
    /// A title or a column's name.
    case heading
    /// The best value of a column.
    case best
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

  private let isColoured: Bool

  /// No colour at all.
  public static let plain = Style(isColoured: false)
  /// The sixteen colours that every terminal has.
  public static let coloured = Style(isColoured: true)

  /// The text in its role's colour; empty text stays empty.
  public func apply(_ role: Role?, to text: String) -> String {
    guard isColoured, let role, !text.isEmpty else { return text }
    let code =
      switch role {
      case .heading: "1"
      case .best: "1;32"
      case .better: "32"
      case .worse: "31"
      case .warning: "33"
      case .failure: "1;31"
      case .faint: "2"
      }
    return "\u{1b}[\(code)m\(text)\u{1b}[0m"
  }
}
