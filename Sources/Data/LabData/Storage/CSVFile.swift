import Foundation
import LabCore

/// A table of separated values with a header line.
///
/// - Source: RFC 4180; the separator is a comma, a semicolon or a tab, whichever the header has most of.
package struct CSVFile: Sendable {
  /// The file, for messages.
  package let path: String
  /// The names in the header.
  package let columns: [String]
  /// The records, each with as many fields as the header.
  package let records: [(line: Int, fields: [String])]

  /// The largest table that is read, in bytes: some ten million lines.
  private static let largestSize = 1 << 30

  /// Reads a file.
  ///
  /// - Throws: ``DataError``.
  package init(path: String) throws {
    let data = try DataFile.contents(of: path, atMost: Self.largestSize)
    try self.init(Self.text(of: data, path: path), path: path)
  }

  /// The text of a file in UTF-8 or UTF-16, as spreadsheets save it.
  private static func text(of data: Data, path: String) throws -> String {
    let start = [UInt8](data.prefix(4))
    // Without a mark at the beginning, the zeros between ASCII letters tell UTF-16.
    let isLittle = start.starts(with: [0xff, 0xfe]) || (start.count == 4 && start[1] == 0 && start[3] == 0)
    let isBig = start.starts(with: [0xfe, 0xff]) || (start.count == 4 && start[0] == 0 && start[2] == 0)
    if isLittle || isBig {
      guard data.count.isMultiple(of: 2),
        let text = String(data: data, encoding: isLittle ? .utf16LittleEndian : .utf16BigEndian)
      else {
        throw DataError.malformedFile(path: path, actual: "is no whole text in UTF-16", expected: "UTF-8 or UTF-16")
      }
      return text
    }
    if let text = String(validating: data, as: UTF8.self) { return text }
    // The line is that of the first byte that does not fit, which decoding replaces.
    let repaired = String(decoding: data, as: UTF8.self)
    let line = repaired.prefix { $0 != "\u{fffd}" }.reduce(1) { $1.isNewline ? $0 + 1 : $0 }
    throw DataError.malformedFile(
      path: path, actual: "has letters in line \(line) that are not UTF-8",
      expected: "UTF-8 or UTF-16; save it as \"CSV UTF-8\"")
  }

  /// Reads text.
  ///
  /// - Throws: ``DataError/malformedFile(path:actual:expected:)``.
  package init(_ text: String, path: String) throws {
    self.path = path
    var text = text[...]
    if text.first == "\u{feff}" { text.removeFirst() }
    let separators: [Character] = [",", ";", "\t"]
    var separator: Character?
    var firstLine = 1
    // Some spreadsheets write a line that names the separator before the header.
    let opening = text.prefix { !$0.isNewline }
    if opening.lowercased().hasPrefix("sep="), opening.count == 5, let named = opening.last {
      separator = named
      text = text.dropFirst(opening.count + 1)
      firstLine = 2
    }
    let header = text.prefix { !$0.isNewline }
    func count(_ separator: Character) -> Int { header.count { $0 == separator } }
    var records = try Self.records(
      text, separator: separator ?? separators.max { count($0) < count($1) } ?? ",", firstLine: firstLine, path: path)
    guard !records.isEmpty else {
      throw DataError.malformedFile(path: path, actual: "is empty", expected: "a header line with the columns' names")
    }
    guard records.count > 1 else {
      throw DataError.malformedFile(
        path: path, actual: "has no line below its header (\(records[0].fields.joined(separator: ", ")))",
        expected: "one for each image")
    }
    let columns = records.removeFirst().fields.map { $0.trimmingCharacters(in: .whitespaces) }
    if let odd = records.first(where: { $0.fields.count != columns.count }) {
      throw DataError.malformedFile(
        path: path, actual: "has \(odd.fields.count) fields in line \(odd.line)",
        expected: "\(columns.count), as in its header")
    }
    self.columns = columns
    self.records = records
  }

  /// The place of a column.
  ///
  /// - Throws: ``DataError/malformedFile(path:actual:expected:)`` where there is no such column.
  package func place(of column: String) throws -> Int {
    guard let place = columns.firstIndex(of: column) else {
      throw DataError.malformedFile(
        path: path, actual: "has no column \"\(column)\"\(NearestName.hint(for: column, among: columns))",
        expected: "it among \(columns.joined(separator: ", "))")
    }
    return place
  }

  /// An integer of a record.
  ///
  /// - Throws: ``DataError/malformedFile(path:actual:expected:)``.
  func integer(_ record: (line: Int, fields: [String]), _ place: Int) throws -> Int {
    guard let value = Int(record.fields[place].trimmingCharacters(in: .whitespaces)) else {
      throw DataError.malformedFile(
        path: path, actual: "has \"\(record.fields[place])\" as \(columns[place]) in line \(record.line)",
        expected: "an integer")
    }
    return value
  }

  private static func records(
    _ text: Substring, separator: Character, firstLine start: Int, path: String
  ) throws -> [(line: Int, fields: [String])] {
    var records: [(line: Int, fields: [String])] = []
    var fields: [String] = []
    var field = ""
    var isQuoted = false
    var wasQuoted = false
    var line = start
    var firstLine = start
    func endRecord() {
      fields.append(field)
      // Empty lines hold no record.
      if fields.count > 1 || !field.isEmpty || wasQuoted { records.append((firstLine, fields)) }
      fields = []
      field = ""
      wasQuoted = false
    }
    var index = text.startIndex
    while index < text.endIndex {
      let character = text[index]
      index = text.index(after: index)
      if character.isNewline { line += 1 }
      if isQuoted {
        if character != "\"" {
          field.append(character)
        } else if index < text.endIndex, text[index] == "\"" {
          field.append("\"")
          index = text.index(after: index)
        } else {
          isQuoted = false
        }
      } else if character == "\"", field.isEmpty {
        isQuoted = true
        wasQuoted = true
      } else if character == separator {
        fields.append(field)
        field = ""
      } else if character.isNewline {
        endRecord()
        firstLine = line
      } else {
        field.append(character)
      }
    }
    guard !isQuoted else {
      throw DataError.malformedFile(
        path: path, actual: "ends within the quotation marks of line \(firstLine)", expected: "closing ones")
    }
    endRecord()
    return records
  }
}
