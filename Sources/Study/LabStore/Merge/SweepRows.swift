import GRDB
import LabCore
import LabRecords

/// A sweep as a database has it, row by row.
struct SweepRows {
  /// The tables whose rows are copied as they are, but for numbers of rows.
  static let copiedTables = [
    "sweep", "sweep_seed", "factor_level", "analysis", "seed_rule", "shard", "variant", "variant_level", "cell",
  ]

  /// A variant with its cells by the positions of their seeds.
  struct VariantRows {
    var row: StoredRow
    var levels: [StoredRow]
    var cells: [(row: StoredRow, run: ContentHash)]
    var label: String { row["label"] ?? "" }
  }

  var record: SweepRecord
  var row: StoredRow
  var factorLevels: [StoredRow]
  var variants: [VariantRows]
  var seeds: [StoredRow]
  var analyses: [StoredRow]
  var rules: [StoredRow]
  var shards: [StoredRow]
}

extension StudyStore {
  /// All of a sweep that is stored with it.
  func sweepRows(_ id: Int64, _ database: Database) throws -> SweepRows {
    func rows(_ table: String, order: String) throws -> [StoredRow] {
      try StoredRow.fetch(table, "WHERE sweep_id = ? ORDER BY \(order)", [id], database)
    }
    let variants = try rows("variant", order: "position").map { row in
      let variant: Int64 = row["id"] ?? 0
      let cells = try StoredRow.fetch("cell", "WHERE variant_id = ? ORDER BY position", [variant], database)
      let runs = try String.fetchAll(
        database,
        sql: """
          SELECT run.identity FROM cell JOIN run ON run.id = cell.run_id WHERE cell.variant_id = ? ORDER BY cell.position
          """, arguments: [variant])
      return SweepRows.VariantRows(
        row: row, levels: try StoredRow.fetch("variant_level", "WHERE variant_id = ?", [variant], database),
        cells: zip(cells, runs).map { ($0, ContentHash(hexadecimal: $1)) })
    }
    return SweepRows(
      record: try sweepRecord(id, database), row: try StoredRow.fetch("sweep", "WHERE id = ?", [id], database)[0],
      factorLevels: try rows("factor_level", order: "factor_position, level_position"), variants: variants,
      seeds: try rows("sweep_seed", order: "position"), analyses: try rows("analysis", order: "number"),
      rules: try rows("seed_rule", order: "number"), shards: try rows("shard", order: "count, number"))
  }
}
