import Foundation
import LabCore
import Testing

@Suite struct DelimitedTextTests {
  private func parse(_ text: String) throws -> DelimitedText { try DelimitedText(Data(text.utf8)) }

  @Test func cellsMayHoldAnything() throws {
    let text = try parse("\u{feff}a,\"b, c\",d\r\n1,\"say \"\"yes\"\"\",\"two\nlines\"\r\n\r\n2,,\"\"\n")
    #expect(text.header == ["a", "b, c", "d"])
    #expect(text.rows.map(\.fields) == [["1", "say \"yes\"", "two\nlines"], ["2", "", ""]])
    // A row of two lines, and an empty line, still leave the lines of the others right.
    #expect(text.rows.map(\.line) == [2, 5])
  }

  @Test(arguments: [",", ";", "\t"]) func theSeparatorIsTheOneOfTheFirstLine(separator: String) throws {
    let cell = [",", ";", "\t"].filter { $0 != separator }.joined(separator: "x")
    let text = try parse("a\(separator)b\n1\(separator)\(cell)z\n")
    #expect(text.header == ["a", "b"] && text.rows.map(\.fields) == [["1", cell + "z"]])
  }

  @Test func whatSpreadsheetsWriteIsRead() throws {
    let named = try parse("sep=|\r\na|b\r\n1|2,5\r\n")
    #expect(named.header == ["a", "b"] && named.rows.map(\.line) == [3] && named.rows[0].fields == ["1", "2,5"])
    for encoding in [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian] {
      let text = try DelimitedText(#require("a;b\nü;1\n".data(using: encoding)))
      #expect(text.header == ["a", "b"] && text.rows.map(\.fields) == [["ü", "1"]])
    }
    let problem = #expect(throws: DelimitedText.Problem.self) { try DelimitedText(Data([0xff, 0xfe, 0x61])) }
    #expect(problem?.actual == "is no whole text in UTF-16")
  }

  @Test(arguments: [
    ("", "is empty"), ("a,b\n1\n", "has 1 fields in line 2"),
    ("a,b\n1,\"2\n", "ends within the quotation marks of line 2"),
    ("a,b\n1,\"2\"x\n", "has something behind closing quotation marks in line 2"),
  ])
  func whatIsNoTableSaysWhere(text: String, message: String) {
    let problem = #expect(throws: DelimitedText.Problem.self) { try parse(text) }
    #expect(problem?.actual == message)
  }

  @Test func lettersOfAnotherEncodingHaveALine() {
    let wrong = Data([UInt8(ascii: "a"), UInt8(ascii: "\n"), 0xff, UInt8(ascii: "\n")])
    let problem = #expect(throws: DelimitedText.Problem.self) { try DelimitedText(wrong) }
    #expect(problem?.actual == "has letters in line 2 that are not UTF-8")
  }

  @Test func whatIsWrittenIsReadBack() throws {
    for cell in ["plain", "a, b", "\"", "two\nlines", " space", "", "ü ± 3"] {
      let text = try parse("a,b\n\(DelimitedText.quoted(cell)),1\n")
      #expect(text.rows[0].fields[0] == cell)
    }
  }
}
