import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// The analyses that were registered with a sweep, the first one first.
  func analyses(sweep id: Int64, _ database: Database) throws -> [AnalysisRegistration] {
    let rows = try Row.fetchCursor(
      database,
      sql: "SELECT plan, registered_at, completed_runs FROM analysis WHERE sweep_id = ? ORDER BY number",
      arguments: [id])
    var analyses: [AnalysisRegistration] = []
    while let row = try rows.next() {
      let text: String? = row[0]
      analyses.append(
        AnalysisRegistration(
          plan: try text.map { try JSONDecoder().decode(AnalysisPlan.self, from: Data($0.utf8)) },
          registeredAt: row[1], completedRuns: row[2]))
    }
    return analyses
  }

  /// Keeps an analysis with how many results there are, where it is not the one that is kept already.
  func register(_ plan: AnalysisPlan?, sweep id: Int64, at now: Date, _ database: Database) throws {
    let known = try analyses(sweep: id, database)
    guard plan != known.last?.plan else { return }
    let completed = try completedRunCount(sweep: id, database)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try database.execute(
      sql: "INSERT INTO analysis (sweep_id, number, plan, registered_at, completed_runs) VALUES (?, ?, ?, ?, ?)",
      arguments: [
        id, known.count, try plan.map { String(decoding: try encoder.encode($0), as: UTF8.self) }, now, completed,
      ])
  }

  /// The number of a sweep's runs that are complete.
  func completedRunCount(sweep id: Int64, _ database: Database) throws -> Int {
    try Int.fetchOne(
      database,
      sql: """
        SELECT COUNT(DISTINCT run.id) FROM variant JOIN cell ON cell.variant_id = variant.id
        JOIN run ON run.id = cell.run_id WHERE variant.sweep_id = ? AND run.state = 'completed'
        """, arguments: [id]) ?? 0
  }
}
