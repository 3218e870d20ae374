import Foundation
import Testing

/// A public function that throws and has a comment says what it throws.
@Suite struct DocCommentTests {
  @Test func whatIsThrownIsSaid() throws {
    let sources = MarkdownPage.root.appendingPathComponent("Sources")
    let files = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
    #expect(files.count > 300)
    var functionCount = 0
    for file in files.sorted() {
      let text = try String(contentsOf: sources.appendingPathComponent(file), encoding: .utf8)
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      var isInPublicProtocol = false
      for (number, line) in lines.enumerated() {
        if line.hasPrefix("public protocol") { isInPublicProtocol = true }
        if line == "}" { isInPublicProtocol = false }
        let isRequirement = isInPublicProtocol && (line.hasPrefix("  func ") || line.hasPrefix("  init("))
        let isPublic = line.contains("public ") && (line.contains("func ") || line.contains(" init("))
        guard isRequirement || isPublic, Self.throwsErrors(lines[number...]) else { continue }
        let comment = lines[..<number].reversed().drop { $0.drop { $0 == " " }.hasPrefix("@") }
          .prefix { $0.drop { $0 == " " }.hasPrefix("///") }
        functionCount += 1
        #expect(
          comment.isEmpty || comment.contains { $0.contains("- Throws:") },
          "Sources/\(file):\(number + 1) does not say what it throws")
      }
    }
    #expect(functionCount > 300)
  }

  /// Whether the function whose declaration begins here throws: what stands between its parameters and its body says so.
  private static func throwsErrors(_ lines: ArraySlice<Substring>) -> Bool {
    var depth = 0
    var tail = ""
    for line in lines.prefix(12) {
      for character in line {
        switch character {
        case "(": depth += 1
        case ")":
          depth -= 1
          tail = ""
        case "{" where depth == 0: return tail.contains(" throws")
        default: if depth == 0 { tail.append(character) }
        }
      }
      // A requirement of a protocol ends with its line.
      if depth == 0, !tail.isEmpty || line.hasSuffix(")") { return tail.contains(" throws") }
    }
    return false
  }
}
