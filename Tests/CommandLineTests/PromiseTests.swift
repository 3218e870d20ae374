import Foundation
import Testing

/// The page of promises names tests, and a promise whose test is gone is none.
@Suite struct PromiseTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  @Test func everyPromiseNamesTestsThatExist() throws {
    let page = try String(
      contentsOf: Self.root.appendingPathComponent("Documentation/Promises.md"), encoding: .utf8)
    let tests = Self.root.appendingPathComponent("Tests")
    let sources = try FileManager.default.subpathsOfDirectory(atPath: tests.path).filter { $0.hasSuffix(".swift") }
      .map { try String(contentsOf: tests.appendingPathComponent($0), encoding: .utf8) }
    let rows = page.split(separator: "\n").filter { $0.firstMatch(of: #/^\| \d+ \|/#) != nil }
    #expect(rows.count == 10)
    for row in rows {
      let named = row.matches(of: #/`(\w+Tests)(?:\.(\w+))?`/#)
      #expect(!named.isEmpty, "\(row)")
      for name in named {
        let suites = sources.filter { $0.contains("struct \(name.output.1)") }
        #expect(!suites.isEmpty, "\(name.output.0)")
        if let test = name.output.2 {
          #expect(suites.contains { $0.contains("func \(test)(") }, "\(name.output.0)")
        }
      }
    }
  }
}
