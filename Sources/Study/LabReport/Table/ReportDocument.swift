import LabCore

/// Several tables and what is to be said between them, whatever the format that they are written in.
public struct ReportDocument: Sendable, Hashable {
  /// A part with a title: sentences, then a table.
  public struct Section: Sendable, Hashable {
    /// The title; nil where the table has it.
    public var title: String?
    /// What is to be said, a paragraph each.
    public var paragraphs: [String]
    /// The table.
    public var table: ReportTable?

    /// Creates a section.
    public init(_ title: String? = nil, paragraphs: [String] = [], table: ReportTable? = nil) {
      self.title = title
      self.paragraphs = paragraphs
      self.table = table
    }

    /// Whether there is nothing in it.
    public var isEmpty: Bool { paragraphs.isEmpty && table == nil }
  }

  /// What the document is, as an identifier such as `analysis`.
  public var kind: String
  /// The title.
  public var title: String
  /// The parts in their order.
  public var sections: [Section]
  /// What programs may want to know.
  public var metadata: [String: JSONValue]

  /// Creates a document of the sections that have something in them.
  public init(kind: String, title: String, sections: [Section], metadata: [String: JSONValue] = [:]) {
    self.kind = kind
    self.title = title
    self.sections = sections.filter { !$0.isEmpty }
    self.metadata = metadata
  }

  /// The document in a format.
  public func rendered(
    as format: any TableFormat = TableFormats.text, options: TableRenderingOptions = .init()
  ) -> String {
    format.render(self, options: options)
  }

  /// The document as a JSON value.
  public var json: JSONValue {
    var members = metadata
    members["report"] = .string(kind)
    members["title"] = .string(title)
    members["sections"] = .array(
      sections.map { section in
        .object([
          "title": section.title.map(JSONValue.string) ?? .null,
          "paragraphs": .array(section.paragraphs.map(JSONValue.string)), "table": section.table?.json ?? .null,
        ])
      })
    return .object(members)
  }
}

extension TableFormat {
  /// Writes titles and paragraphs as lines of their own, and the tables between them.
  public func render(_ document: ReportDocument, options: TableRenderingOptions) -> String {
    let parts = document.sections.flatMap { section in
      [section.title, section.paragraphs.isEmpty ? nil : section.paragraphs.joined(separator: "\n")].compactMap { $0 }
        .map { $0 + "\n" } + [section.table].compactMap { $0 }.map { render($0, options: options) }
    }
    return ([document.title + "\n"] + parts).joined(separator: "\n")
  }
}
