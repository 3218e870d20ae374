import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// The variants of a sweep, each by whether it is the baseline and by its runs.
  private struct Arms {
    /// A variant's runs by their seeds, as rows of the database.
    struct Arm: Hashable {
      var isBaseline: Bool
      var runs: [UInt64: Int64]
    }

    var arms: [Arm] = []
    var seeds: [UInt64]

    /// Every arm with those of its runs whose seeds another sweep has.
    func restricted(to seeds: Set<UInt64>) -> [Arm: Int] {
      Dictionary(
        arms.map { (Arm(isBaseline: $0.isBaseline, runs: $0.runs.filter { seeds.contains($0.key) }), 1) },
        uniquingKeysWith: +)
    }
  }

  /// The registration, before the first result, of the analysis that a sweep has registered when there were results.
  ///
  /// It is one with an earlier sweep of the same name, which has the same variants with all of its seeds, and every result
  /// that there was at the later registration. Whether it is as it was then follows from what is on record, so that nothing
  /// of it needs to be stored.
  ///
  /// - Parameter analyses: what the sweep has registered, the first one first.
  /// - Returns: nil where there is none, or none is needed.
  func continuation(
    of analyses: [AnalysisRegistration], sweep id: Int64, name: String, _ database: Database
  ) throws -> AnalysisContinuation? {
    guard let last = analyses.last, let plan = last.plan, last.completedRuns > 0,
      analyses.allSatisfy({ $0.plan == nil || $0.plan == plan })
    else { return nil }
    // Numbers tell the order of registration only until a merge brings in an earlier sweep.
    let candidates = try Int64.fetchAll(
      database,
      sql: """
        SELECT id FROM sweep WHERE name = ? AND (created_at, id) < (SELECT created_at, id FROM sweep WHERE id = ?)
        ORDER BY created_at DESC, id DESC
        """, arguments: [name, id])
    guard !candidates.isEmpty else { return nil }
    let own = try arms(sweep: id, at: last.registeredAt, database)
    let results = try completedRuns(sweep: id, by: last.registeredAt, database)
    for candidate in candidates {
      // What was registered with it afterwards says nothing about what was known then.
      let earlier = try self.analyses(sweep: candidate, database).filter { $0.registeredAt <= last.registeredAt }
      guard let registered = earlier.last, registered.plan == plan else { continue }
      let other = try arms(sweep: candidate, at: last.registeredAt, database)
      let shared = Set(other.seeds)
      guard !other.arms.isEmpty, shared.isSubset(of: own.seeds),
        own.restricted(to: shared) == other.restricted(to: shared),
        results.isSubset(of: other.arms.flatMap(\.runs.values))
      else { continue }
      var found: AnalysisContinuation?
      if registered.completedRuns == 0 {
        found = AnalysisContinuation(sweep: candidate, registeredAt: registered.registeredAt)
      } else {
        found = try continuation(of: earlier, sweep: candidate, name: name, database)
      }
      guard var found else { continue }
      found.seedRules += try seedRules(sweep: candidate, database)
      let seeds = own.seeds.filter { !shared.contains($0) }
      if !seeds.isEmpty { found.additions.append(.init(seeds: seeds, completedRuns: last.completedRuns)) }
      return found
    }
    return nil
  }

  /// The variants of a sweep with the runs that it had at a date: rules may have added others since.
  private func arms(sweep id: Int64, at date: Date, _ database: Database) throws -> Arms {
    var arms = Arms(seeds: [])
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT variant.id, variant.is_baseline, sweep_seed.seed, cell.run_id
        FROM variant JOIN cell ON cell.variant_id = variant.id
        JOIN sweep_seed ON sweep_seed.sweep_id = variant.sweep_id AND sweep_seed.position = cell.position
        WHERE variant.sweep_id = ? AND (sweep_seed.added_at IS NULL OR sweep_seed.added_at <= ?)
        ORDER BY variant.position, cell.position
        """, arguments: [id, date])
    var variant: Int64?
    while let row = try rows.next() {
      if row[0] != variant {
        variant = row[0]
        arms.arms.append(Arms.Arm(isBaseline: row[1], runs: [:]))
      }
      let seed = UInt64(bitPattern: row[2])
      arms.arms[arms.arms.count - 1].runs[seed] = row[3]
      if arms.arms.count == 1 { arms.seeds.append(seed) }
    }
    return arms
  }

  /// The runs of a sweep that had been completed, once at least, by a date.
  private func completedRuns(sweep id: Int64, by date: Date, _ database: Database) throws -> Set<Int64> {
    try Int64.fetchSet(
      database,
      sql: """
        SELECT DISTINCT attempt.run_id FROM variant JOIN cell ON cell.variant_id = variant.id
        JOIN attempt ON attempt.run_id = cell.run_id
        WHERE variant.sweep_id = ? AND attempt.exit_state = 'completed' AND attempt.ended_at <= ?
        """, arguments: [id, date])
  }
}
