import Foundation

/// Text in rows of fields with commas, semicolons or tabs between them, the first row of which has names.
///
/// - Source: Y. Shafranovich, "Common Format and MIME Type for Comma-Separated Values (CSV) Files", RFC 4180, 2005.
package struct DelimitedText: Sendable {
  /// A row and the line that it begins in, from 1.
  package struct Row: Equatable, Sendable {
    package var line: Int
    package var fields: [String]
  }

  /// Why a text is no table: what it is or has, and what was expected.
  package struct Problem: Error, Equatable {
    package var actual: String
    package var expected: String
  }

  /// The largest file that is read, in bytes: some ten million lines.
  package static let largestFile = 1 << 30

  /// The fields of the first row.
  package let header: [String]
  /// The other rows, of as many fields each.
  package let rows: [Row]

  /// Takes a text apart.
  ///
  /// The character between fields is the one of comma, semicolon and tab that the header has most of, or the one that a
  /// line `sep=` before it names, as some spreadsheets write it.
  ///
  /// - Parameter data: the text in UTF-8 or UTF-16, with or without a byte-order mark.
  /// - Throws: a ``Problem``.
  package init(_ data: Data) throws {
    var bytes = try Self.text(data)[...]
    var (separator, firstLine) = (UInt8?.none, 1)
    let opening = bytes.prefix { !Self.lineEnds.contains($0) }
    if opening.count == 5, String(decoding: opening.dropLast(), as: UTF8.self).lowercased() == "sep=" {
      separator = opening.last
      bytes = bytes.dropFirst(5)
      bytes = bytes.dropFirst(bytes.starts(with: Self.lineEnds.reversed()) ? 2 : 1)
      firstLine = 2
    }
    var rows = try Self.rows(Array(bytes), between: separator ?? Self.separator(bytes), from: firstLine)
    guard !rows.isEmpty else {
      throw Problem(actual: "is empty", expected: "a header line with the columns' names")
    }
    let names = rows.removeFirst().fields.map { $0.trimmingCharacters(in: .whitespaces) }
    if let odd = rows.first(where: { $0.fields.count != names.count }) {
      throw Problem(
        actual: "has \(odd.fields.count) fields in line \(odd.line)", expected: "\(names.count), as in its header")
    }
    header = names
    self.rows = rows
  }

  private static let (quote, lineFeed, carriageReturn) = (UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"))
  private static let lineEnds = [lineFeed, carriageReturn]

  /// The bytes in UTF-8, without a mark.
  private static func text(_ data: Data) throws -> [UInt8] {
    let start = [UInt8](data.prefix(4))
    // Without a mark at the beginning, the zeros between ASCII letters tell UTF-16.
    let isLittle = start.starts(with: [0xff, 0xfe]) || (start.count == 4 && start[1] == 0 && start[3] == 0)
    let isBig = start.starts(with: [0xfe, 0xff]) || (start.count == 4 && start[0] == 0 && start[2] == 0)
    var bytes = [UInt8](data)
    if isLittle || isBig {
      guard data.count.isMultiple(of: 2),
        let text = String(data: data, encoding: isLittle ? .utf16LittleEndian : .utf16BigEndian)
      else { throw Problem(actual: "is no whole text in UTF-16", expected: "UTF-8 or UTF-16") }
      bytes = Array(text.utf8)
    }
    return bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
  }

  private static func separator(_ bytes: ArraySlice<UInt8>) -> UInt8 {
    let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
    var counts = [0, 0, 0]
    var isQuoted = false
    for byte in bytes {
      if byte == quote { isQuoted.toggle() }
      if isQuoted { continue }
      if lineEnds.contains(byte) { break }
      if let index = candidates.firstIndex(of: byte) { counts[index] += 1 }
    }
    let most = counts.indices.max { counts[$0] < counts[$1] || (counts[$0] == counts[$1] && $0 > $1) } ?? 0
    return candidates[most]
  }

  private static func rows(_ bytes: [UInt8], between separator: UInt8, from firstLine: Int) throws -> [Row] {
    var rows: [Row] = []
    var (fields, field) = ([String](), [UInt8]())
    var (line, start, place) = (firstLine, firstLine, 0)
    var wasQuoted = false
    func endField() throws {
      guard let text = String(validating: field, as: UTF8.self) else {
        throw Problem(
          actual: "has letters in line \(start) that are not UTF-8",
          expected: "UTF-8 or UTF-16; save it as \"CSV UTF-8\"")
      }
      fields.append(text)
      field.removeAll(keepingCapacity: true)
    }
    func endRow() throws {
      try endField()
      // A line without anything in it is no row.
      if wasQuoted || fields != [""] { rows.append(Row(line: start, fields: fields)) }
      fields.removeAll(keepingCapacity: true)
      wasQuoted = false
    }
    while place < bytes.count {
      let byte = bytes[place]
      if byte == quote, field.isEmpty {
        place = try quoted(bytes, from: place + 1, into: &field, line: &line)
        wasQuoted = true
        guard place == bytes.count || bytes[place] == separator || lineEnds.contains(bytes[place]) else {
          throw Problem(
            actual: "has something behind closing quotation marks in line \(line)",
            expected: "the end of the field, or of the line")
        }
        continue
      }
      place += 1
      switch byte {
      case separator: try endField()
      case carriageReturn where place < bytes.count && bytes[place] == lineFeed: continue
      case lineFeed, carriageReturn:
        try endRow()
        line += 1
        start = line
      default: field.append(byte)
      }
    }
    if !field.isEmpty || !fields.isEmpty || wasQuoted { try endRow() }
    return rows
  }

  /// Reads a field in quotation marks up to behind the closing ones.
  private static func quoted(
    _ bytes: [UInt8], from start: Int, into field: inout [UInt8], line: inout Int
  ) throws -> Int {
    let first = line
    var place = start
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      if byte == quote {
        guard place < bytes.count, bytes[place] == quote else { return place }
        place += 1
      } else if byte == lineFeed {
        line += 1
      }
      field.append(byte)
    }
    throw Problem(actual: "ends within the quotation marks of line \(first)", expected: "closing ones")
  }

  /// A field as the format has it: in quotation marks, and these doubled, where it could be taken for several or trimmed.
  package static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { ![quote, lineFeed, carriageReturn, UInt8(ascii: ",")].contains($0) }
    guard !isPlain || text.first == " " || text.last == " " else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
