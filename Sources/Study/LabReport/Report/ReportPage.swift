/// A report as it is meant: sections of texts, tables and figures, whatever the format that it is written in.
///
/// All texts are plain; a format escapes what it would read as markup.
public struct ReportPage: Sendable {
  /// A part with a heading.
  public struct Section: Sendable {
    /// What links lead to, in lower case with hyphens; unique within the page.
    public var anchor: String
    /// The heading.
    public var title: String
    /// What is in it.
    public var blocks: [Block]

    /// Creates a section.
    public init(_ anchor: String, title: String, _ blocks: [Block]) {
      self.anchor = anchor
      self.title = title
      self.blocks = blocks
    }
  }

  /// An entry of a list.
  public struct Item: Sendable, Hashable {
    /// What it says.
    public var text: String
    /// How it stands out.
    public var role: Style.Role?

    /// Creates an entry.
    public init(_ text: String, role: Style.Role? = nil) {
      self.text = text
      self.role = role
    }
  }

  /// A name and what is to be said of it.
  public struct Fact: Sendable, Hashable {
    /// What the fact is about.
    public var name: String
    /// The fact.
    public var value: String

    /// Creates a fact.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// What stands in a section, one below the other.
  public indirect enum Block: Sendable {
    /// Sentences.
    case paragraph(String)
    /// A heading within the section.
    case heading(String)
    /// Entries of a list.
    case list([Item])
    /// Names and what is to be said of them.
    case facts([Fact])
    /// A table; the anchor of each row is what links to it lead to, and empty where there are none.
    case table(ReportTable, anchors: [String])
    /// A figure.
    case figure(any Figure)
    /// A text whose lines stay as they are.
    case code(String)
    /// Blocks that are shown on demand, under a sentence that says what they are.
    case details(String, [Block])

    /// A table without links to its rows.
    static func table(_ table: ReportTable) -> Block { .table(table, anchors: []) }
  }

  /// The title.
  public var title: String
  /// What stands below the title, a line each.
  public var subtitles: [String]
  /// The parts in their order.
  public var sections: [Section]

  /// Creates a page of the sections that have something in them.
  public init(title: String, subtitles: [String] = [], sections: [Section]) {
    self.title = title
    self.subtitles = subtitles
    self.sections = sections.filter { !$0.blocks.isEmpty }
  }

  /// The page in a format.
  public func rendered(as format: any PageFormat) -> String { format.render(self) }
}
