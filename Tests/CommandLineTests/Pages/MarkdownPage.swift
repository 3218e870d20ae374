import Foundation

/// A page of the project as far as a test can judge it: its fenced blocks, links and headings.
struct MarkdownPage {
  /// A fenced block of code.
  struct Block {
    /// The line of the opening fence, from 1.
    var line: Int
    /// The first word behind the fence, such as `sh`.
    var language: String
    /// The second word behind the fence: a file to write the block to, or `no-run`.
    var note: String?
    var lines: [String]
    /// Whether only blank lines stand between this block and the one before.
    var followsDirectly: Bool
  }

  /// The folder of the whole project.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../..").standardizedFileURL

  /// The path from the project's folder.
  let path: String
  let text: String
  let blocks: [Block]
  /// The text without fenced blocks.
  let prose: String

  /// Reads a page by its path from the project's folder.
  init(_ path: String) throws {
    self.path = path
    text = try String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
    var blocks: [Block] = []
    var prose: [Substring] = []
    var open: Block?
    var followsDirectly = false
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if var block = open {
        if line == "```" {
          blocks.append(block)
          open = nil
          followsDirectly = true
        } else {
          block.lines.append(String(line))
          open = block
        }
      } else if line.hasPrefix("```") {
        let words = line.dropFirst(3).split(separator: " ").map(String.init)
        open = Block(
          line: index + 1, language: words.first ?? "", note: words.dropFirst().first, lines: [],
          followsDirectly: followsDirectly)
      } else {
        prose.append(line)
        if !line.isEmpty { followsDirectly = false }
      }
    }
    self.blocks = blocks
    self.prose = prose.joined(separator: "\n")
  }

  /// All pages of the project.
  static func all() throws -> [MarkdownPage] {
    try ["", "Documentation", "Experiments", "Results", "Results/reference", "Benchmarks"].flatMap { folder in
      try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)
        .filter { $0.hasSuffix(".md") }.sorted().map { try MarkdownPage(folder.isEmpty ? $0 : "\(folder)/\($0)") }
    }
  }

  /// The targets of its links.
  var links: [String] {
    prose.matches(of: /\]\(([^)\s]+)\)/).map { String($0.output.1) }
  }

  /// The names by which links find its headings, as GitHub makes them.
  var anchors: Set<String> {
    Set(
      prose.matches(of: /(?m)^#+ (.*)$/).map { heading in
        String(
          heading.output.1.lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
            .map { $0 == " " ? "-" : $0 })
      })
  }
}
