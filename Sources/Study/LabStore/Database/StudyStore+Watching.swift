import Foundation
import GRDB
import LabCore
import LabRecords

/// How far a sweep is, in numbers that are read without its runs, and that change with whatever tables of it show.
package struct SweepStanding: Sendable, Hashable {
  /// The sweep, with the number of its runs by state.
  package var sweep: StoredSweep
  /// The epochs that its runs have on record.
  package var completedEpochs: Int
  /// The time that its runs have trained, in seconds.
  package var trainSeconds: Double
  /// When the run ended that ended last; nil before the first one did.
  package var lastEnd: Date?

  /// Whether a run is on record as running, whose process may have died since without a word.
  package var isRunning: Bool { sweep.runCounts[.running, default: 0] > 0 }
}

extension StudyStore {
  /// Whether any run is held by a process, which may have died since.
  ///
  /// - Throws: an error of the store where it cannot be read.
  package var hasLeases: Bool { get throws { try integer("SELECT EXISTS (SELECT 1 FROM lease)") == 1 } }

  /// How far each sweep is, the one registered last first.
  ///
  /// - Throws: an error of the store where it cannot be read.
  package func standings() throws -> [SweepStanding] {
    try read { database in
      var sums: [Int64: (epochs: Int, seconds: Double, end: Date?)] = [:]
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT variant.sweep_id, SUM(run.completed_epochs), SUM(run.train_seconds), MAX(run.ended_at)
          FROM variant JOIN cell ON cell.variant_id = variant.id JOIN run ON run.id = cell.run_id
          GROUP BY variant.sweep_id
          """)
      while let row = try rows.next() { sums[row[0]] = (row[1], row[2] ?? 0, row[3]) }
      return try storedSweeps(database, id: nil).map { sweep in
        let sum = sums[sweep.id]
        return SweepStanding(
          sweep: sweep, completedEpochs: sum?.epochs ?? 0, trainSeconds: sum?.seconds ?? 0, lastEnd: sum?.end)
      }
    }
  }
}
