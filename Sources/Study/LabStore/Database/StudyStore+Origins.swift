import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// Where the completed runs of each variant were trained and with what, by the last attempt at each that trained: a
  /// later one may have taken over what it had told.
  ///
  /// - Parameter id: the number of the sweep.
  /// - Returns: of each variant, in the order of the plan, the number of its runs by their origin; runs without a provenance
  ///   are in none.
  /// - Throws: ``LabRecords/RunStoreError/unknownSweep(_:)``; an error of the store where it cannot be read.
  public func origins(sweep id: Int64) throws -> [[RunOrigin: Int]] {
    try read { database in
      _ = try sweepRecord(id, database)
      let count = try Int.fetchOne(
        database, sql: "SELECT COUNT(*) FROM variant WHERE sweep_id = ?", arguments: [id])
      var origins = [[RunOrigin: Int]](repeating: [:], count: count ?? 0)
      // A provenance is long, and most runs share what is asked for here.
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT variant.position, json_extract(attempt.provenance, '$.host', '$.processor', '$.operatingSystem',
            '$.programVersion', '$.repository.commit', '$.repository.isDirty', '$.libraries', '$.threads') AS origin, COUNT(*)
          FROM variant JOIN cell ON cell.variant_id = variant.id JOIN run ON run.id = cell.run_id
          JOIN attempt ON attempt.run_id = run.id
            AND attempt.number = (SELECT MAX(number) FROM attempt AS other
              WHERE other.run_id = run.id AND other.provenance IS NOT NULL)
          WHERE variant.sweep_id = ? AND run.state = 'completed' AND attempt.provenance IS NOT NULL
          GROUP BY variant.position, origin
          """, arguments: [id])
      var known: [String: RunOrigin] = [:]
      while let row = try rows.next() {
        let (position, text): (Int, String) = (row[0], row[1])
        guard origins.indices.contains(position), let origin = try known[text] ?? StudyStore.origin(text) else {
          continue
        }
        known[text] = origin
        origins[position][origin, default: 0] += row[2]
      }
      return origins
    }
  }

  /// How many completed runs of a sweep were trained on each kind of processor, by the last attempt at each that trained.
  ///
  /// - Parameter id: the number of the sweep.
  /// - Throws: an error of the store where it cannot be read.
  public func processors(sweep id: Int64) throws -> [String: Int] {
    try read { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT json_extract(attempt.provenance, '$.processor') AS processor, COUNT(DISTINCT run.id) AS runs
          FROM variant JOIN cell ON cell.variant_id = variant.id JOIN run ON run.id = cell.run_id
          JOIN attempt ON attempt.run_id = run.id
            AND attempt.number = (SELECT MAX(number) FROM attempt AS other
              WHERE other.run_id = run.id AND other.provenance IS NOT NULL)
          WHERE variant.sweep_id = ? AND run.state = 'completed' AND processor IS NOT NULL
          GROUP BY processor
          """, arguments: [id])
      return Dictionary(rows.map { ($0["processor"], $0["runs"]) }, uniquingKeysWith: +)
    }
  }

  /// The origin of the values that the query has; nil where one is missing.
  private static func origin(_ text: String) throws -> RunOrigin? {
    guard let values = try JSONValue(parsing: text).arrayValue, values.count == 8, let host = values[0].stringValue,
      let processor = values[1].stringValue, let system = values[2].stringValue, let version = values[3].stringValue,
      let threads = values[7].doubleValue
    else { return nil }
    let isDirty = values[5].doubleValue.map { $0 != 0 } ?? (values[5] == .boolean(true))
    return RunOrigin(
      host: host, processor: processor, operatingSystem: system, programVersion: version,
      repository: values[4].stringValue.map { .init(commit: $0, isDirty: isDirty) },
      libraries: (values[6].objectValue ?? [:]).compactMapValues(\.stringValue), threads: Int(threads))
  }
}
