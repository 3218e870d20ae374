import Foundation
import Testing

/// The page on adding to the zoo shows files of it whole, and as they are.
@Suite struct DocumentationTests {
  @Test(arguments: ["Architectures/MiniInception", "Convolutions/CondConv"])
  func thePageShowsTheFileAsItIs(_ name: String) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = try String(contentsOf: root.appendingPathComponent("Documentation/Adding.md"), encoding: .utf8)
    let source = try String(
      contentsOf: root.appendingPathComponent("Sources/Engine/LabZoo/\(name).swift"), encoding: .utf8)
    #expect(page.contains("```swift\n\(source)```"))
  }
}
