import Foundation
import Testing

/// The README shows files of the zoo whole, and as they are.
@Suite struct DocumentationTests {
  @Test(arguments: ["Architectures/MiniInception", "Convolutions/CondConv"])
  func readmeShowsTheFileAsItIs(_ name: String) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let source = try String(contentsOf: root.appendingPathComponent("Sources/LabZoo/\(name).swift"), encoding: .utf8)
    #expect(readme.contains("```swift\n\(source)```"))
  }
}
