import Foundation
import Testing

/// What the project's pages say of files, versions and one another is so.
@Suite struct PageTests {
  @Test func everyLinkLeadsSomewhere() throws {
    let pages = try MarkdownPage.all()
    #expect(pages.count > 12)
    for page in pages {
      let folder = MarkdownPage.root.appendingPathComponent(page.path).deletingLastPathComponent()
      for link in page.links where !link.hasPrefix("https://") {
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let target = parts[0].isEmpty ? page.path : String(parts[0])
        let file =
          parts[0].isEmpty
          ? MarkdownPage.root.appendingPathComponent(target) : folder.appendingPathComponent(target).standardizedFileURL
        guard FileManager.default.fileExists(atPath: file.path) else {
          Issue.record("\(page.path) links to \(link), which does not exist")
          continue
        }
        guard parts.count == 2,
          let other = pages.first(where: { file == MarkdownPage.root.appendingPathComponent($0.path) })
        else { continue }
        #expect(other.anchors.contains(String(parts[1])), "\(page.path) links to \(link): there is no such heading")
      }
    }
  }

  @Test func everyNamedFileExists() throws {
    for page in try MarkdownPage.all() where page.path != "CHANGELOG.md" {
      for name in page.prose.matches(of: /`((?:Sources|Tests|Scripts|Examples|Documentation)\/[^`<… *]*)`/) {
        let path = String(name.output.1)
        #expect(
          FileManager.default.fileExists(atPath: MarkdownPage.root.appendingPathComponent(path).path),
          "\(page.path) names \(path), which does not exist")
      }
    }
  }

  @Test func theReadmeIsShortAndShowsTheSpecAsItIs() throws {
    let page = try MarkdownPage("README.md")
    #expect(page.text.split(separator: "\n", omittingEmptySubsequences: false).count <= 201)
    let shown = try #require(page.blocks.first { $0.language == "jsonc" })
    let file = try String(
      contentsOf: MarkdownPage.root.appendingPathComponent("Experiments/ablation.json"), encoding: .utf8)
    var spec = try Self.object(file)
    spec["$schema"] = nil
    spec["description"] = nil
    #expect(
      NSDictionary(dictionary: spec) == NSDictionary(dictionary: try Self.object(shown.lines.joined(separator: "\n"))))
  }

  @Test(arguments: ["main", "PolyLoss"])
  func thePageShowsTheExampleAsItIs(_ name: String) throws {
    let file = MarkdownPage.root.appendingPathComponent("Examples/CustomBlock/Sources/customblock/\(name).swift")
    let source = try String(contentsOf: file, encoding: .utf8)
    #expect(try MarkdownPage("Documentation/Adding.md").text.contains("```swift\n\(source)```"))
  }

  /// The picture is drawn from the reference result, so its numbers are that page's.
  @Test func thePictureShowsTheReferenceResult() throws {
    let picture = try String(
      contentsOf: MarkdownPage.root.appendingPathComponent("Documentation/ablation.svg"), encoding: .utf8)
    let rows = try MarkdownPage("Results/reference/ablation.md").text.split(separator: "\n")
      .filter { $0.contains("| 3/3 |") }.map {
        $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      }
    #expect(rows.count == 12)
    for row in rows {
      #expect(picture.contains(">\(row[0])<") && picture.contains(">\(row[2])<"), "\(row)")
    }
    #expect(picture.contains("prefers-color-scheme: dark"))
  }

  @Test func theVersionIsThatOfTheChangelog() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let heading = try #require(MarkdownPage("CHANGELOG.md").text.firstMatch(of: /(?m)^## (\d+\.\d+\.\d+) \((.*)\)$/))
    let released = heading.output.2 != "unreleased"
    let version = try labrun.run("--version").output
    #expect(version == "\(heading.output.1)\(released ? "" : "-dev")\n")
    if released { #expect(heading.output.2.wholeMatch(of: /\d{4}-\d{2}-\d{2}/) != nil) }
    // Python writes it in its own way; one wheel has both.
    let client = MarkdownPage.root.appendingPathComponent("Clients/Python")
    for (file, line) in [("pyproject.toml", "version"), ("src/labrun/__init__.py", "__version__")] {
      let text = try String(contentsOf: client.appendingPathComponent(file), encoding: .utf8)
      #expect(text.contains("\n\(line) = \"\(heading.output.1)\(released ? "" : ".dev0")\"\n"), "\(file)")
    }
  }

  /// An object in JSON with comments and trailing commas.
  private static func object(_ text: String) throws -> [String: Any] {
    let plain = text.replacing(/(?m)(^|\s)\/\/.*$/, with: "").replacing(/,(\s*[}\]])/) { "\($0.output.1)" }
    return try #require(try JSONSerialization.jsonObject(with: Data(plain.utf8)) as? [String: Any])
  }
}
