import Foundation
import LabCore

/// Rows of another tool's results, before it is said what each column is.
public struct ImportTable: Sendable {
  /// What a format knows of a column.
  public enum Hint: Sendable, Hashable {
    /// Nothing.
    case unknown
    /// It is a factor.
    case factor
    /// It is a setting of runs.
    case parameter
    /// It is a result.
    case metric
    /// It says how a run ended.
    case state
    /// It is the tool's own business, in a phrase.
    case bookkeeping(String)
  }

  /// A column.
  public struct Column: Sendable, Hashable {
    /// What the file calls it.
    public var header: String
    /// What it is called here.
    public var name: String
    /// What the format knows of it.
    public var hint: Hint

    /// Creates a column.
    public init(header: String, name: String, hint: Hint = .unknown) {
      self.header = header
      self.name = name
      self.hint = hint
    }
  }

  /// A row.
  public struct Row: Sendable, Hashable {
    /// The line that it begins in, from 1.
    public var line: Int
    /// A text for each column.
    public var cells: [String]

    /// Creates a row.
    public init(line: Int, cells: [String]) {
      self.line = line
      self.cells = cells
    }
  }

  /// The file's name, without its folder.
  public var file: String
  /// The hash of its bytes.
  public var sha256: ContentHash
  /// The columns.
  public var columns: [Column]
  /// The rows.
  public var rows: [Row]
  /// What the format has left out or found odd, a sentence each.
  public var remarks: [String]
  /// A table with a row an epoch, where this one has a row a run; at most one.
  public var courses: [ImportTable]

  /// Creates a table.
  public init(
    file: String, sha256: ContentHash, columns: [Column], rows: [Row], remarks: [String] = [],
    courses: [ImportTable]? = nil
  ) {
    self.file = file
    self.sha256 = sha256
    self.columns = columns
    self.rows = rows
    self.remarks = remarks
    self.courses = courses ?? []
  }

  /// Reads a file of comma-separated values.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - column: what is known of a column, by its header.
  ///   - headers: sees all headers before.
  /// - Throws: ``ExchangeError``, `FileError`.
  init(
    contentsOf path: String, headers: ([String]) -> Void = { _ in }, column: (String) -> Column
  ) throws {
    let file = (path as NSString).lastPathComponent
    guard let data = try SizedFile.contents(of: path, atMost: DelimitedText.largestFile) else {
      throw ExchangeError.content(file: file, problem: "has more than \(DelimitedText.largestFile >> 20) MiB")
    }
    let text: DelimitedText
    do { text = try DelimitedText(data) } catch let problem as DelimitedText.Problem {
      throw ExchangeError.content(file: file, problem: "\(problem.actual); expected \(problem.expected)")
    }
    for (index, name) in text.header.enumerated() where !name.isEmpty && text.header[..<index].contains(name) {
      throw ExchangeError.content(file: file, problem: "has two columns \"\(name)\"; rename one of them")
    }
    headers(text.header)
    self.init(
      file: file, sha256: ContentHash(of: data),
      columns: text.header.enumerated().map { index, header in
        // pandas writes the number of each row into a first column without a name.
        header.isEmpty
          ? Column(header: "column \(index + 1)", name: "column \(index + 1)", hint: .bookkeeping("it has no name"))
          : column(header)
      },
      rows: text.rows.map { Row(line: $0.line, cells: $0.fields.map { $0.trimmingCharacters(in: .whitespaces) }) })
    disambiguate()
  }

  /// Gives columns of one name their headers, which differ.
  private mutating func disambiguate() {
    let counts = Dictionary(columns.map { ($0.name, 1) }, uniquingKeysWith: +)
    for index in columns.indices where counts[columns[index].name] != 1 { columns[index].name = columns[index].header }
  }
}

extension ImportTable {
  /// The texts that stand for no value.
  static let blanks: Set<String> = ["", "nan", "none", "null", "na", "n/a"]

  /// Whether a cell has a value.
  func hasValue(_ row: Int, _ column: Int) -> Bool {
    !ImportTable.blanks.contains(rows[row].cells[column].lowercased())
  }

  /// Whether all values of a column are numbers, and there is one.
  func isNumeric(_ column: Int) -> Bool {
    var isThere = false
    for row in rows.indices where hasValue(row, column) {
      guard Double(rows[row].cells[column]) != nil else { return false }
      isThere = true
    }
    return isThere
  }

  /// Whether any value of a column is a number.
  func hasNumber(_ column: Int) -> Bool {
    rows.indices.contains { hasValue($0, column) && Double(rows[$0].cells[column]) != nil }
  }

  /// The different texts of a column, in the order in which they come.
  func distinct(_ column: Int) -> [String] {
    var seen: Set<String> = []
    return rows.map { $0.cells[column] }.filter { seen.insert($0).inserted }
  }

  /// The number in a cell; nil where it has no value.
  ///
  /// - Throws: ``ExchangeError/cell(file:line:column:found:expected:)``.
  func number(_ row: Int, _ column: Int, expected: String = "a number") throws -> Double? {
    guard hasValue(row, column) else { return nil }
    guard let value = Double(rows[row].cells[column]) else { throw bad(row, column, expected) }
    return value
  }

  /// The whole number from 0 on in a cell, which may be written with decimals that are 0.
  ///
  /// - Throws: ``ExchangeError/cell(file:line:column:found:expected:)``.
  func wholeNumber(_ row: Int, _ column: Int) throws -> UInt64 {
    let text = rows[row].cells[column]
    if let value = UInt64(text) { return value }
    if let value = Double(text), let whole = UInt64(exactly: value) { return whole }
    throw bad(row, column, "a whole number from 0 on")
  }

  /// That a cell has something else than was expected.
  func bad(_ row: Int, _ column: Int, _ expected: String) -> ExchangeError {
    .cell(
      file: file, line: rows[row].line, column: columns[column].header, found: rows[row].cells[column],
      expected: expected)
  }
}
