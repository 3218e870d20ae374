import Foundation
import LabExchange
import Testing

@Suite struct DelimitedTextTests {
  private func parse(_ text: String) throws -> DelimitedText { try DelimitedText(Data(text.utf8), file: "a.csv") }

  @Test func cellsMayHoldAnything() throws {
    let text = try parse("\u{feff}a,\"b, c\",d\r\n1,\"say \"\"yes\"\"\",\"two\nlines\"\r\n\r\n2,,\"\"\n")
    #expect(text.header == ["a", "b, c", "d"])
    #expect(text.rows.map(\.cells) == [["1", "say \"yes\"", "two\nlines"], ["2", "", ""]])
    // A row of two lines, and an empty line, still leave the lines of the others right.
    #expect(text.rows.map(\.line) == [2, 5])
  }

  @Test(arguments: [",", ";", "\t"]) func theSeparatorIsTheOneOfTheFirstLine(separator: String) throws {
    let cell = [",", ";", "\t"].filter { $0 != separator }.joined(separator: "x")
    let text = try parse("a\(separator)b\n1\(separator)\(cell)z\n")
    #expect(text.header == ["a", "b"] && text.rows.map(\.cells) == [["1", cell + "z"]])
  }

  @Test func whatIsNoTableSaysWhere() throws {
    let cases = [
      ("", "a.csv is empty"), ("a,b\n1\n", "has 1 cells in line 2, expected 2"),
      ("a,a\n1,2\n", "has two columns \"a\""), ("a,b\n1,\"2\n", "has a quotation mark in line 2 that nothing closes"),
      ("a,b\n1,\"2\"x\n", "has something behind a closing quotation mark in line 2"),
    ]
    for (text, message) in cases {
      let error = #expect(throws: ExchangeError.self) { try parse(text) }
      #expect(
        error.map { "\($0)" }?.contains(message) ?? false, "\(text.debugDescription): \(String(describing: error))")
    }
    let wrong = Data([UInt8(ascii: "a"), UInt8(ascii: "\n"), 0xff, UInt8(ascii: "\n")])
    let error = #expect(throws: ExchangeError.self) { try DelimitedText(wrong, file: "a.csv") }
    #expect(error.map { "\($0)" } == "a.csv is not UTF-8 in line 2; save it as UTF-8")
  }

  @Test func whatIsWrittenIsReadBack() throws {
    for cell in ["plain", "a, b", "\"", "two\nlines", " space", "", "ü ± 3"] {
      let text = try parse("a,b\n\(DelimitedText.escaped(cell)),1\n")
      #expect(text.rows[0].cells[0] == cell)
    }
  }
}
