import Foundation
import LabCore

/// Text in rows of cells: with commas, semicolons or tabs between them.
///
/// - Source: Y. Shafranovich, "Common Format and MIME Type for Comma-Separated Values (CSV) Files", RFC 4180, 2005.
package struct DelimitedText {
  /// A row and the line that it begins in, from 1.
  package struct Row: Equatable {
    package var line: Int
    package var cells: [String]
  }

  /// The largest file that is read, in bytes.
  static let largestFile = 1 << 30

  /// The cells of the first row.
  package let header: [String]
  /// The other rows, of as many cells each.
  package let rows: [Row]

  /// Takes a text apart.
  ///
  /// The character between cells is the one of comma, semicolon and tab that the first line has most of.
  ///
  /// - Parameters:
  ///   - data: the text in UTF-8, with or without a byte-order mark.
  ///   - file: what messages call it.
  /// - Throws: ``ExchangeError/content(file:problem:)`` with the line.
  package init(_ data: Data, file: String) throws {
    if data.starts(with: [0xff, 0xfe]) || data.starts(with: [0xfe, 0xff]) {
      throw ExchangeError.content(file: file, problem: "is encoded as UTF-16; save it as UTF-8")
    }
    let bytes = [UInt8](data.starts(with: [0xef, 0xbb, 0xbf]) ? data.dropFirst(3) : data)
    let all = try Self.rows(bytes, between: Self.separator(bytes), file: file)
    guard let first = all.first else {
      throw ExchangeError.content(file: file, problem: "is empty, and a table begins with a line of column names")
    }
    header = first.cells.map { $0.trimmingCharacters(in: .whitespaces) }
    for row in all.dropFirst() where row.cells.count != first.cells.count {
      throw ExchangeError.content(
        file: file,
        problem:
          "has \(row.cells.count) cells in line \(row.line), expected \(first.cells.count), as its first line has")
    }
    for (index, name) in header.enumerated() where !name.isEmpty && header[..<index].contains(name) {
      throw ExchangeError.content(file: file, problem: "has two columns \"\(name)\"; rename one of them")
    }
    rows = Array(all.dropFirst())
  }

  private static let (quote, lineFeed, carriageReturn) = (UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"))

  private static func separator(_ bytes: [UInt8]) -> UInt8 {
    let candidates = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
    var counts = [0, 0, 0]
    var isQuoted = false
    for byte in bytes {
      if byte == quote { isQuoted.toggle() }
      if isQuoted { continue }
      if byte == lineFeed || byte == carriageReturn { break }
      if let index = candidates.firstIndex(of: byte) { counts[index] += 1 }
    }
    let most = counts.indices.max { counts[$0] < counts[$1] || (counts[$0] == counts[$1] && $0 > $1) } ?? 0
    return candidates[most]
  }

  private static func rows(_ bytes: [UInt8], between separator: UInt8, file: String) throws -> [Row] {
    var rows: [Row] = []
    var (cells, cell) = ([String](), [UInt8]())
    var (line, start, place) = (1, 1, 0)
    func endCell() throws {
      guard let text = String(validating: cell, as: UTF8.self) else {
        throw ExchangeError.content(file: file, problem: "is not UTF-8 in line \(line); save it as UTF-8")
      }
      cells.append(text)
      cell.removeAll(keepingCapacity: true)
    }
    func endRow() throws {
      try endCell()
      // A line without anything in it is no row.
      if cells != [""] { rows.append(Row(line: start, cells: cells)) }
      cells.removeAll(keepingCapacity: true)
    }
    while place < bytes.count {
      let byte = bytes[place]
      if byte == quote, cell.isEmpty {
        place = try quoted(bytes, from: place + 1, into: &cell, line: &line, file: file)
        guard place == bytes.count || [separator, lineFeed, carriageReturn].contains(bytes[place]) else {
          throw ExchangeError.content(
            file: file, problem: "has something behind a closing quotation mark in line \(line)")
        }
        continue
      }
      place += 1
      switch byte {
      case separator: try endCell()
      case carriageReturn where place < bytes.count && bytes[place] == lineFeed: continue
      case lineFeed, carriageReturn:
        try endRow()
        line += 1
        start = line
      default: cell.append(byte)
      }
    }
    if !cell.isEmpty || !cells.isEmpty { try endRow() }
    return rows
  }

  /// Reads a cell in quotation marks up to behind the closing one.
  private static func quoted(
    _ bytes: [UInt8], from start: Int, into cell: inout [UInt8], line: inout Int, file: String
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
      cell.append(byte)
    }
    throw ExchangeError.content(file: file, problem: "has a quotation mark in line \(first) that nothing closes")
  }

  /// A cell as the format writes it.
  package static func escaped(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { ![quote, lineFeed, carriageReturn, UInt8(ascii: ",")].contains($0) }
    guard !isPlain || text.first == " " || text.last == " " else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
