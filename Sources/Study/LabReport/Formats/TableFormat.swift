import LabCore

/// A way to write a table.
///
/// A new format is one file with a type that conforms to this, and its line in ``TableFormats/registry``.
public protocol TableFormat: Sendable {
  /// The name that a user gives, in lower case.
  var name: String { get }
  /// Whether texts stand in it as they are, since the format has no way to write a control character otherwise.
  var keepsTextsVerbatim: Bool { get }
  /// Whether several tables may stand one after the other in what it writes.
  var takesSeveralTables: Bool { get }
  /// Whether what it writes has room for one table only, of whatever document.
  var holdsOneTable: Bool { get }
  /// What it makes something of beside the table.
  var features: Set<TableFeature> { get }
  /// Writes a table, with a line end after its last line.
  func render(_ table: ReportTable, options: TableRenderingOptions) -> String
  /// Writes how well a model does, as much of it as the format has room for.
  func render(_ report: EvaluationReport, options: TableRenderingOptions) -> String
  /// Writes a document, with a line end after its last line; by default, its texts as lines between its tables.
  func render(_ document: ReportDocument, options: TableRenderingOptions) -> String
}

extension TableFormat {
  /// Formats for people, and those that can escape, make control characters visible.
  public var keepsTextsVerbatim: Bool { false }

  /// Formats for programs and for documents are one table.
  public var takesSeveralTables: Bool { false }

  /// A format has room for the tables of a document.
  public var holdsOneTable: Bool { false }

  /// A format takes no caption, no label, and aligns no numbers by itself.
  public var features: Set<TableFeature> { [] }

  /// Writes the metrics, in the one table that there is room for.
  public func render(_ report: EvaluationReport, options: TableRenderingOptions) -> String {
    render(report.metricTable, options: options)
  }
}

/// What not every format can do for a table.
public enum TableFeature: String, Sendable, Hashable, CaseIterable {
  /// A caption of the user's.
  case caption
  /// A name that a text refers to the table by.
  case label
  /// Numbers that siunitx aligns.
  case siunitx
}

/// What a format may take into account.
public struct TableRenderingOptions: Sendable, Hashable {
  /// The width of the terminal in cells; only text is laid out for it.
  public var width: Int
  /// Whether text is coloured.
  public var style: Style
  /// Whether each column is explained.
  public var showsLegend: Bool
  /// The caption, as plain text; nil for the table's own title.
  public var caption: String?
  /// The name that a text refers to the table by; nil for one that is made of the title.
  public var label: String?
  /// Whether siunitx aligns the numbers.
  public var usesSiunitx: Bool

  /// Creates options.
  public init(
    width: Int = 120, style: Style = .plain, showsLegend: Bool = true, caption: String? = nil, label: String? = nil,
    usesSiunitx: Bool = false
  ) {
    self.width = width
    self.style = style
    self.showsLegend = showsLegend
    self.caption = caption
    self.label = label
    self.usesSiunitx = usesSiunitx
  }

  /// Checks that a format does what is asked for, and that the label is one.
  ///
  /// - Throws: ``ReportError/unsupportedFeature(_:format:available:)`` or ``ReportError/invalidLabel(_:)``.
  public func validate(for format: any TableFormat) throws(ReportError) {
    let asked: [(TableFeature, Bool)] = [
      (.caption, caption != nil), (.label, label != nil), (.siunitx, usesSiunitx),
    ]
    for (feature, isAsked) in asked where isAsked && !format.features.contains(feature) {
      throw .unsupportedFeature(
        feature, format: format.name,
        available: TableFormats.registry.entries.filter { $0.features.contains(feature) }.map(\.name))
    }
    let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_./+")
    if let label, label.isEmpty || !label.allSatisfy(allowed.contains) { throw .invalidLabel(label) }
  }
}

/// The formats that a user can choose from.
public enum TableFormats {
  /// The formats in the order of help texts, the default first.
  public static let registry = Registry<any TableFormat>(
    "table formats",
    [
      TextTableFormat(),
      MarkdownTableFormat(),
      LaTeXTableFormat(),
      CSVTableFormat(),
      JSONTableFormat(),
      HTMLTableFormat(),
    ]
  ) { [$0.name] }

  /// The table for a terminal.
  public static var text: any TableFormat { TextTableFormat() }

  /// The format of everything that a program may ask for.
  public static var json: any TableFormat { JSONTableFormat() }

  /// The format of a name.
  ///
  /// - Throws: ``ReportError/unknownFormat(_:available:)``.
  public static func named(_ name: String) throws(ReportError) -> any TableFormat {
    guard let format = registry[name.lowercased()] else {
      throw .unknownFormat(name, available: registry.names)
    }
    return format
  }
}

extension ReportTable {
  /// The table in a format.
  public func rendered(
    as format: any TableFormat = TableFormats.text, options: TableRenderingOptions = .init()
  ) -> String {
    format.render(self, options: options)
  }

  /// A note's number as a superscript.
  static func superscript(_ number: Int) -> String {
    String(String(number).map { Array("⁰¹²³⁴⁵⁶⁷⁸⁹")[$0.wholeNumberValue ?? 0] })
  }

  /// The mark after the best and the second best value of a column, where emphasis alone would not be seen.
  static func mark(_ role: Style.Role?) -> String? {
    switch role {
    case .best: "*"
    case .second: "†"
    default: nil
    }
  }
}
