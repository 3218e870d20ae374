/// Pieces of HTML for pages whose frame and style sheet somebody else makes.
///
/// Nothing in them has a style of its own, so that a page may forbid all styles but those of its style sheets:
/// ``figureStyleSheet`` has the colors of figures on a dark ground.
package enum HTMLParts {
  /// Where a table's texts lead.
  package struct TableLinks: Sendable {
    /// The address behind the first cell of each row; nil or missing for none.
    package var rows: [String?]
    /// The address behind the title of a column, by the column's index.
    package var columns: [Int: String]
    /// The column that rows are sorted by, and in which direction.
    package var sorted: (index: Int, isAscending: Bool)?
    /// By what each row is marked, to be sent with a form; nil or missing for none.
    package var marks: [Mark?] = []

    /// A box to mark a row with.
    package struct Mark: Sendable {
      /// The form that it belongs to.
      package var form: String
      /// The name and the value that a marked one is sent as.
      package var name: String
      package var value: String
      /// What marking does to the row, for those who do not see the table.
      package var hint: String

      package init(form: String, name: String, value: String, hint: String) {
        self.form = form
        self.name = name
        self.value = value
        self.hint = hint
      }
    }

    package init(
      rows: [String?] = [], columns: [Int: String] = [:], sorted: (index: Int, isAscending: Bool)? = nil
    ) {
      self.rows = rows
      self.columns = columns
      self.sorted = sorted
    }
  }

  /// The text in one line with everything escaped that could be read as markup, within an attribute too.
  package static func escaped(_ text: String) -> String { HTMLTableFormat.escaped(text) }

  /// The text with its line ends, and with everything else escaped that could be read as markup.
  package static func preformatted(_ text: String) -> String { HTMLTableFormat.markup(text) }

  /// A block of a report.
  package static func block(_ block: ReportPage.Block) -> String {
    HTMLPageFormat(hasFigureStyles: false).lines(block).joined(separator: "\n")
  }

  /// A figure in two widths, one for narrow screens.
  package static func figure(_ figure: any Figure) -> String { block(.figure(figure)) }

  /// A table with a caption, its notes, and its legend where that is asked for.
  package static func table(
    _ table: ReportTable, caption: String, links: TableLinks = .init(), showsLegend: Bool = true
  ) -> String {
    var lines = HTMLTableFormat().tableLines(table, caption: caption, links: links)
    if !table.numberedNotes.isEmpty {
      lines += ["<ol class=\"notes\">"] + table.numberedNotes.map { "<li>\(escaped($0))</li>" } + ["</ol>"]
    }
    lines += table.shownNotes(withLegend: showsLegend).map { "<p class=\"note\">\(escaped($0))</p>" }
    let legend = table.legend().map { "<b>\(escaped($0.title))</b>: \(escaped($0.text))" }
    if showsLegend, !legend.isEmpty { lines.append("<p class=\"note\">\(legend.joined(separator: "; ")).</p>") }
    return lines.joined(separator: "\n")
  }

  /// The rules by which figures are colored on a dark ground.
  package static var figureStyleSheet: String {
    let rules = Paint.all.map { paint in
      ".f-\(paint.name){fill:\(Canvas.hex(paint.dark))}.s-\(paint.name){stroke:\(Canvas.hex(paint.dark))}"
    }
    return "@media screen and (prefers-color-scheme:dark){\n\(rules.joined(separator: "\n"))\n}\n"
  }
}
