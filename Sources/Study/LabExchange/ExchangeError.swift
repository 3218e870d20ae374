/// Why results cannot be taken over from another tool's files, or be given to it.
public enum ExchangeError: Error, Equatable, CustomStringConvertible {
  /// A cell that has something else than its column takes.
  case cell(file: String, line: Int, column: String, found: String, expected: String)
  /// A file that holds something else than its format has.
  case content(file: String, problem: String)
  /// A request that does not go with what is there.
  case request(String)
  /// A server that cannot be reached, or that refuses.
  case service(String)

  /// One sentence that says what, where, and what was expected.
  public var description: String {
    switch self {
    case .cell(let file, let line, let column, let found, let expected):
      "\(file), line \(line), column \"\(column)\": expected \(expected), found "
        + (found.isEmpty ? "nothing" : "\"\(found.prefix(60))\(found.count > 60 ? "…" : "")\"")
    case .content(let file, let problem): "\(file) \(problem)"
    case .request(let problem), .service(let problem): problem
    }
  }
}
