import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// Keeps a rule by which seeds are added to a sweep, with how many results there are, where it is not the one that is
  /// kept already.
  ///
  /// - Throws: ``LabRecords/RunStoreError/unknownSweep(_:)``; an error of the store where it cannot be written.
  public func register(_ rule: SeedRule, sweep id: Int64) throws {
    let now = options.now()
    try write { database in
      _ = try sweepRecord(id, database)
      let known = try seedRules(sweep: id, database)
      guard rule != known.last?.rule else { return }
      try database.execute(
        sql: """
          INSERT INTO seed_rule (sweep_id, number, metric, half_width, maximum_seeds, registered_at, completed_runs)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          id, known.count, rule.metric, rule.halfWidth, rule.maximumSeedCount, now,
          try completedRunCount(sweep: id, database),
        ])
    }
  }

  /// Adds the last seeds of a sweep to the same sweep on record, by the rule that was registered last.
  ///
  /// Nothing is added where the sweep on record has other seeds than the first ones of `sweep`: another process has added
  /// some meanwhile.
  ///
  /// - Parameters:
  ///   - count: how many seeds are new.
  ///   - sweep: the sweep with a run of every variant for each of its seeds, the new ones last.
  ///   - id: the number of the sweep on record.
  /// - Throws: ``LabRecords/RunStoreError/invalidRegistration(sweep:problem:)``,
  ///   ``LabRecords/RunStoreError/unknownSweep(_:)``; an error of the store where it cannot be written.
  public func addSeeds(last count: Int, of sweep: Sweep, to id: Int64) throws {
    try sweep.validate()
    let now = options.now()
    let before = sweep.seeds.count - count
    try write { database in
      let record = try sweepRecord(id, database)
      guard try seeds(sweep: id, database) == Array(sweep.seeds.prefix(before)) else { return }
      let rows = try variantRows(sweep: id, database)
      let rule = try seedRules(sweep: id, database).count - 1
      guard rule >= 0, rows.map(\.variant.label) == sweep.variants.map(\.label) else {
        throw RunStoreError.invalidRegistration(
          sweep: record.name, problem: "seeds are added to other variants, or without a rule")
      }
      for position in before..<sweep.seeds.count {
        try database.execute(
          sql: "INSERT INTO sweep_seed (sweep_id, position, seed, rule, added_at) VALUES (?, ?, ?, ?, ?)",
          arguments: [id, position, Int64(bitPattern: sweep.seeds[position]), rule, now])
      }
      for (row, variant) in zip(rows, sweep.variants) {
        try insertCells(of: variant, from: before, id: row.id, at: now, database)
      }
    }
  }

  /// The rules of the sweep that a plan is on record as, with the seeds that they have added; empty where it is not on record.
  ///
  /// - Parameter planHash: the hash of the plan; see ``LabRecords/Sweep/planHash``.
  /// - Throws: an error of the store where it cannot be read.
  public func seedRules(planHash: ContentHash) throws -> [SeedRuleRegistration] {
    try read { database in
      let id = try Int64.fetchOne(
        database, sql: "SELECT id FROM sweep WHERE plan_hash = ?", arguments: [planHash.hexadecimal])
      return try id.map { try seedRules(sweep: $0, database) } ?? []
    }
  }

  /// The rules of a sweep, the first one first, each with the seeds that it has added.
  func seedRules(sweep id: Int64, _ database: Database) throws -> [SeedRuleRegistration] {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT metric, half_width, maximum_seeds, registered_at, completed_runs FROM seed_rule WHERE sweep_id = ?
        ORDER BY number
        """, arguments: [id])
    var rules: [SeedRuleRegistration] = []
    while let row = try rows.next() {
      rules.append(
        SeedRuleRegistration(
          rule: SeedRule(metric: row[0], halfWidth: row[1], maximumSeedCount: row[2]), registeredAt: row[3],
          completedRuns: row[4]))
    }
    let added = try Row.fetchCursor(
      database,
      sql: "SELECT rule, seed FROM sweep_seed WHERE sweep_id = ? AND rule IS NOT NULL ORDER BY position",
      arguments: [id])
    while let row = try added.next() {
      let rule: Int = row[0]
      if rules.indices.contains(rule) { rules[rule].seeds.append(UInt64(bitPattern: row[1])) }
    }
    return rules
  }
}
