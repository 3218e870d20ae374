import LabCore

/// A table as it is meant, whatever the format that it is written in.
///
/// Each cell holds both what people read and the numbers behind it in full precision. Formats for people use the
/// former, formats for programs the latter.
public struct ReportTable: Sendable, Hashable {
  /// Where a column's texts stand.
  public enum Alignment: Sendable, Hashable {
    case left
    case center
    case right
    /// To the right, with the `±` signs below each other.
    case plusMinus
  }

  /// One column.
  public struct Column: Sendable, Hashable {
    /// The name that people read, in one or more lines; empty where only programs see the column.
    public var title: [String]
    /// What neighbouring columns have in common, which is written above their titles; nil for a column by itself.
    public var group: String?
    /// What the column shows, for the legend.
    public var legend: String?
    /// Where its texts stand.
    public var alignment: Alignment
    /// 0 for a column that is always shown; a text table that is too wide leaves out the greatest number first.
    public var priority: Int
    /// Whether a text table may break its texts into several lines.
    public var wraps: Bool
    /// The names of the values behind each cell, in snake case with units.
    public var fields: [String]

    /// Creates a column.
    public init(
      _ title: String..., fields: [String], alignment: Alignment = .left, priority: Int = 0, wraps: Bool = false,
      legend: String? = nil, group: String? = nil
    ) {
      self.title = title
      self.group = group
      self.fields = fields
      self.alignment = alignment
      self.priority = priority
      self.wraps = wraps
      self.legend = legend
    }

    /// The title in one line, below a group if there is one; a hyphen at a line's end is kept.
    public var ownTitle: String {
      title.reduce("") { $0.isEmpty || $0.hasSuffix("-") ? $0 + $1 : $0 + " " + $1 }
    }

    /// The title with the group before it, in one line, for formats without titles of groups.
    public var singleLineTitle: String { group.map { $0 + " " + ownTitle } ?? ownTitle }

    /// Whether people see the column.
    public var isVisible: Bool { !title.isEmpty }
  }

  /// What stands behind a cell's text in small type.
  public struct Detail: Sendable, Hashable {
    /// The text, with its parentheses.
    public var text: String
    /// How it stands out.
    public var role: Style.Role?

    /// Creates a detail.
    public init(_ text: String, role: Style.Role? = nil) {
      self.text = text
      self.role = role
    }
  }

  /// One cell.
  public struct Cell: Sendable, Hashable {
    /// What people read.
    public var text: String
    /// What stands behind it in small type; nil for nothing.
    public var detail: Detail?
    /// The value of each of the column's fields.
    public var values: [JSONValue]
    /// How the text stands out.
    public var role: Style.Role?
    /// The numbers of the notes that belong to the cell, counted from 1.
    public var notes: [Int]

    /// Creates a cell.
    public init(
      _ text: String, values: [JSONValue], role: Style.Role? = nil, notes: [Int] = [], detail: Detail? = nil
    ) {
      self.text = text
      self.detail = detail
      self.values = values
      self.role = role
      self.notes = notes
    }

    /// A cell of which nothing is known.
    ///
    /// - Parameter fieldCount: the number of its column's fields.
    public static func missing(fieldCount: Int = 1) -> Cell {
      Cell(NumberText.missing, values: Array(repeating: .null, count: fieldCount), role: .faint)
    }

    /// A cell that shows a string, and has it as its value.
    public static func string(_ text: String, role: Style.Role? = nil) -> Cell {
      Cell(text.singleLine, values: [.string(text)], role: role)
    }
  }

  /// One row.
  public struct Row: Sendable, Hashable {
    /// A cell for each column.
    public var cells: [Cell]
    /// Whether the row sums up those above it; programs get it apart from the rows.
    public var isTotal: Bool

    /// Creates a row.
    public init(_ cells: [Cell], isTotal: Bool = false) {
      self.cells = cells
      self.isTotal = isTotal
    }
  }

  /// What the table shows, as an identifier such as `comparison`.
  public var kind: String
  /// The title.
  public var title: String
  /// A line below the title, such as how many runs are complete.
  public var subtitle: String?
  /// The columns.
  public var columns: [Column]
  /// The rows.
  public var rows: [Row]
  /// The notes that cells refer to by number.
  public var numberedNotes: [String]
  /// Notes on the whole table.
  public var notes: [String]
  /// What the numbers are, in one line below the table; nil where the titles say it.
  public var footnote: String?
  /// Whether the legend says all that the footnote does, so that a format that shows it leaves the footnote out.
  public var hasFootnoteInLegend: Bool
  /// What programs may want to know of the whole table.
  public var metadata: [String: JSONValue]

  /// Creates a table.
  public init(
    kind: String, title: String, subtitle: String? = nil, columns: [Column], rows: [Row],
    numberedNotes: [String] = [], notes: [String] = [], footnote: String? = nil, hasFootnoteInLegend: Bool = false,
    metadata: [String: JSONValue] = [:]
  ) {
    precondition(
      rows.allSatisfy { row in
        row.cells.count == columns.count && zip(row.cells, columns).allSatisfy { $0.values.count == $1.fields.count }
      }, "every row has a cell a column and every cell a value a field")
    self.kind = kind
    self.title = title
    self.subtitle = subtitle
    self.columns = columns
    self.rows = rows
    self.numberedNotes = numberedNotes
    self.notes = notes
    self.footnote = footnote
    self.hasFootnoteInLegend = hasFootnoteInLegend
    self.metadata = metadata
  }

  /// The notes on the whole table as a format shows them.
  ///
  /// - Parameter showsLegend: whether the format shows the legend as well.
  func shownNotes(withLegend showsLegend: Bool) -> [String] {
    notes + [footnote].compactMap { $0 }.filter { _ in !(showsLegend && hasFootnoteInLegend) }
  }

  /// The titles of groups of visible columns with the number of columns that each is above; nil for a column by itself.
  var groups: [(title: String?, count: Int)] {
    visibleColumns.map(\.column.group).reduce(into: []) { groups, title in
      if title != nil, let last = groups.last, last.title == title {
        groups[groups.count - 1].count += 1
      } else {
        groups.append((title, 1))
      }
    }
  }

  /// The columns that people see, with their index.
  var visibleColumns: [(index: Int, column: Column)] {
    columns.enumerated().filter(\.element.isVisible).map { ($0.offset, $0.element) }
  }

  /// The legend's entries: the titles of the columns that show the same, and what that is.
  ///
  /// - Parameter omitted: indices of columns that are not shown.
  func legend(without omitted: Set<Int> = []) -> [(title: String, text: String)] {
    var entries = [(title: String, text: String)]()
    for (index, column) in visibleColumns where !omitted.contains(index) {
      guard let text = column.legend else { continue }
      let title = column.singleLineTitle
      if let same = entries.firstIndex(where: { $0.text == text }) {
        if entries[same].title != title { entries[same].title += ", " + title }
      } else {
        entries.append((title, text))
      }
    }
    return entries
  }
}

extension JSONValue {
  /// A seed as a number; as text where it is beyond the largest integer.
  init(seed: UInt64) { self = Int(exactly: seed).map(JSONValue.integer) ?? .string(String(seed)) }
}
