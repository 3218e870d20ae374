import Foundation
import LabCore

/// A table of separated values with a header line, and at least one below it.
package struct CSVFile: Sendable {
  /// The file, for messages.
  package let path: String
  /// The names in the header.
  package let columns: [String]
  /// The records, each with as many fields as the header.
  package let records: [DelimitedText.Row]

  /// Reads a file.
  ///
  /// - Throws: ``DataError``.
  package init(path: String) throws {
    let data = try DataFile.contents(of: path, atMost: DelimitedText.largestFile)
    let text: DelimitedText
    do { text = try DelimitedText(data) } catch let problem as DelimitedText.Problem {
      throw DataError.malformedFile(path: path, actual: problem.actual, expected: problem.expected)
    }
    guard !text.rows.isEmpty else {
      throw DataError.malformedFile(
        path: path, actual: "has no line below its header (\(text.header.joined(separator: ", ")))",
        expected: "one for each image")
    }
    (self.path, columns, records) = (path, text.header, text.rows)
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
  func integer(_ record: DelimitedText.Row, _ place: Int) throws -> Int {
    guard let value = Int(record.fields[place].trimmingCharacters(in: .whitespaces)) else {
      throw DataError.malformedFile(
        path: path, actual: "has \"\(record.fields[place])\" as \(columns[place]) in line \(record.line)",
        expected: "an integer")
    }
    return value
  }
}
