import LabCore

/// GitHub-flavoured Markdown.
struct MarkdownPageFormat: PageFormat {
  let name = "markdown"
  let fileExtension = "md"

  /// Writes headings, paragraphs, lists and tables; what figures show is said in words.
  func render(_ page: ReportPage) -> String {
    var parts = ["# " + escaped(page.title)]
    if !page.subtitles.isEmpty { parts.append(page.subtitles.map(escaped).joined(separator: "  \n")) }
    for section in page.sections {
      parts.append("## " + escaped(section.title))
      parts += section.blocks.flatMap(blocks)
    }
    return parts.joined(separator: "\n\n") + "\n"
  }

  private func blocks(_ block: ReportPage.Block) -> [String] {
    switch block {
    case .paragraph(let text): return [escaped(text)]
    case .heading(let text): return ["### " + escaped(text)]
    case .list(let items): return [items.map { "- " + escaped($0.text) }.joined(separator: "\n")]
    case .facts(let facts):
      return [facts.map { "- **\(escaped($0.name))**: \(escaped($0.value))" }.joined(separator: "\n")]
    case .table(let table, let anchors):
      return [String(MarkdownTableFormat().render(table, anchors: anchors).dropLast())]
    case .figure(let figure): return ["*Figure.* " + escaped(figure.summary)]
    case .code(let text):
      // No run of backticks in the text may end the block.
      let fence = String(repeating: "`", count: max(3, longestRun(of: "`", in: text) + 1))
      return [fence + "\n" + text.printableLines + (text.hasSuffix("\n") ? "" : "\n") + fence]
    case .details(let summary, let inner):
      return ["<details><summary>\(HTMLTableFormat.escaped(summary))</summary>"] + inner.flatMap(blocks)
        + ["</details>"]
    }
  }

  private func longestRun(of character: Character, in text: String) -> Int {
    var (longest, current) = (0, 0)
    for each in text {
      current = each == character ? current + 1 : 0
      longest = max(longest, current)
    }
    return longest
  }

  private func escaped(_ text: String) -> String { MarkdownTableFormat.escaped(text) }
}
