import Foundation
import LabCore

/// Tables of runs, of epochs and of predictions, a file each.
struct RowExport: ExportFormat {
  let name: String
  let summary: String
  /// The line of column names.
  let header: @Sendable ([String]) -> String
  /// The line of a row, with the names of its columns.
  let row: @Sendable ([String], [JSONValue]) -> String

  var takesPredictions: Bool { true }

  func export(_ results: ExportedResults, to destination: String, options: ExportOptions) throws -> [String] {
    let rows = ExportRows(results)
    guard (destination as NSString).pathExtension.lowercased() == name else {
      return try exportFolder(rows, to: destination, options: options)
    }
    guard !options.includesPredictions else {
      throw ExchangeError.request(
        "\(destination) is one file, which has the runs; name a folder for the predictions beside them")
    }
    return [try write(rows.runColumns, to: destination, "runs") { try rows.eachRun($0) }]
  }

  private func exportFolder(_ rows: ExportRows, to folder: String, options: ExportOptions) throws -> [String] {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      let code = (error as NSError).userInfo[NSUnderlyingErrorKey].flatMap { ($0 as? NSError)?.code }
      throw FileError(action: "create the folder", path: folder, code: code.map { Int32($0) } ?? EEXIST)
    }
    var written = [try write(rows.runColumns, to: "\(folder)/runs.\(name)", "runs") { try rows.eachRun($0) }]
    let epochColumns = try rows.epochColumns()
    written.append(
      try write(epochColumns, to: "\(folder)/epochs.\(name)", "epochs") { try rows.eachEpoch(epochColumns, $0) })
    guard options.includesPredictions else { return written }
    let classes = try rows.classNames()
    guard !classes.isEmpty else { return written + ["No run has predictions on record."] }
    let columns = ExportRows.predictionColumns(classCount: classes.count)
    written.append(
      try write(columns, to: "\(folder)/predictions.\(name)", "predictions") {
        try rows.eachPrediction(classCount: classes.count, $0)
      })
    return written + rows.runsWithoutPredictions
  }

  /// Writes a file row by row.
  private func write(
    _ columns: [String], to path: String, _ what: String, rows: (([JSONValue]) throws -> Void) throws -> Void
  ) throws -> String {
    var count = 0
    try AtomicFile.replace(path) { temporary in
      try AtomicFile.create(temporary, Data(header(columns).utf8), named: path)
      guard let file = FileHandle(forWritingAtPath: temporary) else { throw FileError(action: "open", path: path) }
      defer { try? file.close() }
      try file.seekToEnd()
      var text = ""
      func flush() throws {
        do { try file.write(contentsOf: Data(text.utf8)) } catch { throw FileError(action: "write", path: path) }
        text = ""
      }
      try rows { values in
        count += 1
        text += row(columns, values)
        if text.utf8.count > 1 << 20 { try flush() }
      }
      try flush()
    }
    return "\(path): \(count) \(what)"
  }

  // MARK: Lines

  /// A row as comma-separated values; a number is written so that reading it gives the same one.
  static func csv(_ values: [JSONValue]) -> String {
    values.map { value in
      switch value {
      case .null: ""
      case .boolean(let flag): flag ? "true" : "false"
      case .integer(let number): String(number)
      case .number(let number): number.isNaN ? "" : "\(number)"
      case .string(let text): DelimitedText.quoted(text)
      default: DelimitedText.quoted(value.canonicalText)
      }
    }.joined(separator: ",") + "\n"
  }

  /// A row as a JSON object in the order of the columns; what is no finite number is null.
  static func jsonLine(_ columns: [String], _ values: [JSONValue]) -> String {
    let members = zip(columns, values).map { name, value in
      if case .number(let number) = value, !number.isFinite { return "\(JSONValue.string(name).canonicalText): null" }
      return "\(JSONValue.string(name).canonicalText): \(value.canonicalText)"
    }
    return "{" + members.joined(separator: ", ") + "}\n"
  }
}
