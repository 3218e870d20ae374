import LabCore

/// One file with everything in it, which a browser shows without network and without scripts.
struct HTMLPageFormat: PageFormat {
  let name = "html"
  let fileExtension = "html"
  /// Whether figures bring their colors for a dark ground with them.
  var hasFigureStyles = true

  /// Writes the whole page, with a table of contents.
  func render(_ page: ReportPage) -> String {
    let title = escaped(page.title)
    var lines = [
      "<!DOCTYPE html>", "<html lang=\"en\">", "<head>", "<meta charset=\"utf-8\">",
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
      "<meta name=\"color-scheme\" content=\"light dark\">", "<title>\(title)</title>", "<style>",
      HTMLPageFormat.styleSheet, "</style>", "</head>", "<body>", "<div class=\"page\">", "<header>",
      "<h1>\(title)</h1>",
    ]
    lines += page.subtitles.map { "<p class=\"subtitle\">\(escaped($0))</p>" }
    lines += ["</header>", "<nav aria-label=\"Contents\">", "<ol>"]
    lines += page.sections.map { "<li><a href=\"#\($0.anchor)\">\(escaped($0.title))</a></li>" }
    lines += ["</ol>", "</nav>", "<main>"]
    for section in page.sections {
      lines += [
        "<section aria-labelledby=\"\(section.anchor)\">",
        "<h2 id=\"\(section.anchor)\"><a href=\"#\(section.anchor)\">\(escaped(section.title))</a></h2>",
      ]
      lines += section.blocks.flatMap(self.lines) + ["</section>"]
    }
    return (lines + ["</main>", "</div>", "</body>", "</html>"]).joined(separator: "\n") + "\n"
  }

  /// What a block is in HTML.
  func lines(_ block: ReportPage.Block) -> [String] {
    switch block {
    case .paragraph(let text): return ["<p>\(escaped(text))</p>"]
    case .heading(let text): return ["<h3>\(escaped(text))</h3>"]
    case .list(let items):
      return ["<ul>"]
        + items.map { "<li\($0.role.map { " class=\"\($0)\"" } ?? "")>\(escaped($0.text))</li>" } + ["</ul>"]
    case .facts(let facts):
      return ["<dl>"] + facts.map { "<dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd>" } + ["</dl>"]
    case .table(let table, let anchors): return lines(table, anchors)
    case .figure(let figure): return lines(figure)
    case .code(let text):
      return ["<pre tabindex=\"0\"><code>\(HTMLTableFormat.markup(text))</code></pre>"]
    case .details(let summary, let blocks):
      return ["<details>", "<summary>\(escaped(summary))</summary>"] + blocks.flatMap(lines) + ["</details>"]
    }
  }

  /// The most characters of a figure that is there twice, the second time for narrow screens.
  private static let repeatedLimit = 120_000

  private func lines(_ figure: any Figure) -> [String] {
    // A page of its own has no script that would show the numbers.
    func drawn(_ width: Double) -> String {
      figure.svg(
        .init(width: width, hasGround: false, hasStyleSheet: hasFigureStyles, hasValues: !hasFigureStyles))
    }
    let wide = drawn(760)
    guard wide.utf8.count <= HTMLPageFormat.repeatedLimit else {
      return ["<figure class=\"scroll\">", wide, "</figure>"]
    }
    let narrow = drawn(360)
    return [
      "<figure>", "<div class=\"wide\">", wide, "</div>", "<div class=\"narrow\">", narrow, "</div>", "</figure>",
    ]
  }

  private func lines(_ table: ReportTable, _ anchors: [String]) -> [String] {
    var lines = ["<figure class=\"table\">", "<figcaption><strong>\(escaped(table.title))</strong>"]
    if let subtitle = table.subtitle { lines.append("<span>\(escaped(subtitle))</span>") }
    lines.append("</figcaption>")
    lines += HTMLTableFormat().tableLines(table, anchors: anchors)
    if !table.numberedNotes.isEmpty {
      lines += ["<ol class=\"notes\">"] + table.numberedNotes.map { "<li>\(escaped($0))</li>" } + ["</ol>"]
    }
    lines += table.shownNotes(withLegend: true).map { "<p class=\"note\">\(escaped($0))</p>" }
    let legend = table.legend().map { "<b>\(escaped($0.title))</b>: \(escaped($0.text))" }
    if !legend.isEmpty { lines.append("<p class=\"note\">\(legend.joined(separator: "; ")).</p>") }
    return lines + ["</figure>"]
  }

  private func escaped(_ text: String) -> String { HTMLTableFormat.escaped(text) }
}
