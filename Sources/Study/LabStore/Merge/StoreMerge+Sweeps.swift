import Foundation
import GRDB
import LabCore
import LabRecords

extension StoreMerge {
  /// Makes all sweeps and their runs known, in one transaction.
  ///
  /// - Returns: the runs, each once, in the order of the sweeps.
  mutating func takeSweeps() throws -> [Candidate] {
    let (found, runs, orphanCount) = try there.read { database in
      let ids = try Int64.fetchAll(database, sql: "SELECT id FROM sweep ORDER BY id")
      let found = try ids.filter { selection?.contains($0) ?? true }.map { try there.sweepRows($0, database) }
      let needed = Set(found.flatMap(\.variants).flatMap(\.cells).map(\.run.hexadecimal))
      let all = try StoredRow.fetch("run", "ORDER BY id", [], database)
      let runs = all.filter { needed.contains($0["identity"] ?? "") }
      return (found, runs, selection == nil ? all.count - runs.count : 0)
    }
    if orphanCount > 0 {
      report.notes.append("\(orphanCount) \(orphanCount == 1 ? "run" : "runs") that no sweep needs stay in \(name)")
    }
    (sweeps, report) = try here.write { database in
      var (sweeps, report) = ([Int64: Int64](), self.report)
      for run in runs { try insertPending(run, database) }
      for sweep in found {
        let known = try Int64.fetchOne(
          database, sql: "SELECT id FROM sweep WHERE plan_hash = ?", arguments: [sweep.record.planHash.hexadecimal])
        if let known {
          if try extend(known, by: sweep, database) { report.extendedSweeps.append(sweep.record.name) }
          sweeps[sweep.record.id] = known
        } else {
          sweeps[sweep.record.id] = try insert(sweep, database)
          report.newSweeps.append(sweep.record.name)
        }
      }
      return (sweeps, report)
    }
    var seen: Set<ContentHash> = []
    return found.flatMap { sweep in
      let seeds = sweep.seeds.map { UInt64(bitPattern: $0["seed"] ?? 0) }
      return sweep.variants.flatMap { variant in
        zip(variant.cells.map(\.run), seeds).filter { seen.insert($0.0).inserted }.map { hash, seed in
          Candidate(
            run: RunIdentity(hash: hash),
            label: "\(sweep.record.name), \(variant.label), seed \(seed) (\(hash.short))", sweep: sweep.record.id)
        }
      }
    }
  }

  /// Makes a run known that is not known here, as one that nobody has begun.
  private func insertPending(_ run: StoredRow, _ database: Database) throws {
    var row = run
    row.remove("id")
    row["state"] = RunState.pending.rawValue
    for column in ["reason", "train_seconds", "images_per_second", "ended_at"] { row[column] = nil as String? }
    row["completed_epochs"] = 0
    for column in ["is_retriable", "discards_files"] { row[column] = false }
    try row.insert(into: "run", onConflict: "IGNORE", database)
  }

  // MARK: New sweeps

  private func insert(_ sweep: SweepRows, _ database: Database) throws -> Int64 {
    var row = sweep.row
    row.remove("id")
    try row.insert(into: "sweep", database)
    let id = database.lastInsertedRowID
    try insert(sweep.factorLevels, into: "factor_level", of: id, database)
    try insert(sweep.seeds, into: "sweep_seed", of: id, database)
    try insert(sweep.analyses, into: "analysis", of: id, database)
    try insert(sweep.rules, into: "seed_rule", of: id, database)
    try insert(sweep.shards, into: "shard", of: id, database)
    for variant in sweep.variants {
      var row = variant.row
      row.remove("id")
      row["sweep_id"] = id
      try row.insert(into: "variant", database)
      let number = database.lastInsertedRowID
      for var level in variant.levels {
        level["variant_id"] = number
        try level.insert(into: "variant_level", database)
      }
      for cell in variant.cells { try insert(cell, variant: number, database) }
    }
    return id
  }

  private func insert(
    _ rows: [StoredRow], into table: String, of sweep: Int64, onConflict conflict: String = "ABORT",
    _ database: Database
  ) throws {
    for var row in rows {
      row["sweep_id"] = sweep
      try row.insert(into: table, onConflict: conflict, database)
    }
  }

  private func insert(_ cell: (row: StoredRow, run: ContentHash), variant: Int64, _ database: Database) throws {
    var row = cell.row
    row["variant_id"] = variant
    row["run_id"] = try here.runRecord(RunIdentity(hash: cell.run), database).id
    try row.insert(into: "cell", database)
  }

  // MARK: Known sweeps

  /// Adds to a sweep what the same one knows elsewhere.
  ///
  /// - Returns: whether there was anything.
  private func extend(_ id: Int64, by other: SweepRows, _ database: Database) throws -> Bool {
    let before = try here.sweepRows(id, database)
    try database.execute(
      sql: """
        UPDATE sweep SET created_at = MIN(created_at, ?), last_registered_at = MAX(last_registered_at, ?) WHERE id = ?
        """, arguments: [other.record.createdAt, other.record.lastRegisteredAt, id])
    for (own, variant) in zip(before.variants, other.variants) {
      let (parameters, operations): (Int?, Int?) = (variant.row["parameter_count"], variant.row["multiply_adds"])
      try database.executeCached(
        sql: """
          UPDATE variant SET parameter_count = COALESCE(parameter_count, ?), multiply_adds = COALESCE(multiply_adds, ?)
          WHERE id = ?
          """, arguments: [parameters, operations, own.row["id"] as Int64?])
    }
    let shards = other.shards.filter { shard in
      !before.shards.contains { $0["count"] as Int? == shard["count"] && $0["number"] as Int? == shard["number"] }
    }
    try insert(shards, into: "shard", of: id, database)
    let analyses = StoreMerge.union(before.analyses, other.analyses)
    let hasAnalyses = analyses.count != before.analyses.count || analyses != before.analyses
    if hasAnalyses {
      try database.execute(sql: "DELETE FROM analysis WHERE sweep_id = ?", arguments: [id])
      try insert(analyses, into: "analysis", of: id, database)
    }
    let hasGrown = try addSeeds(of: other, to: before, id: id, database)
    return !shards.isEmpty || hasAnalyses || hasGrown
  }

  /// The analyses of two databases in the order of their registration; one that is registered once more is none.
  private static func union(_ first: [StoredRow], _ second: [StoredRow]) -> [StoredRow] {
    let sweep: Int64? = first.first?["sweep_id"]
    let all = (first + second).map { row in
      var row = row
      row["sweep_id"] = sweep
      return (date: row["registered_at"] ?? Date.distantPast, plan: row["plan"] as String?, row: row)
    }
    // Of equal dates, what is here comes first.
    let order = all.indices.sorted { (all[$0].date, $0) < (all[$1].date, $1) }
    var union: [(plan: String?, row: StoredRow)] = []
    for index in order where union.isEmpty || union[union.count - 1].plan != all[index].plan {
      var row = all[index].row
      row["number"] = union.count
      union.append((all[index].plan, row))
    }
    return union.map(\.row)
  }

  /// Adds rules, and the seeds that they have added, behind those that a sweep has.
  private func addSeeds(of other: SweepRows, to sweep: SweepRows, id: Int64, _ database: Database) throws -> Bool {
    func criterion(_ row: StoredRow) -> SeedRule {
      SeedRule(
        metric: row["metric"] ?? "", halfWidth: row["half_width"] ?? 0, maximumSeedCount: row["maximum_seeds"] ?? 0)
    }
    var rules = sweep.rules.map(criterion)
    var numbers: [Int: Int] = [:]
    for (number, rule) in other.rules.enumerated() {
      if let known = rules.firstIndex(of: criterion(rule)) {
        numbers[number] = known
      } else {
        var row = rule
        numbers[number] = rules.count
        row["number"] = rules.count
        try insert([row], into: "seed_rule", of: id, database)
        rules.append(criterion(rule))
      }
    }
    var known = Set(sweep.seeds.map { $0["seed"] as Int64? })
    var count = sweep.seeds.count
    for (position, seed) in other.seeds.enumerated() where known.insert(seed["seed"]).inserted {
      var row = seed
      row["position"] = count
      row["rule"] = (seed["rule"] as Int?).flatMap { numbers[$0] }
      try insert([row], into: "sweep_seed", of: id, database)
      for (own, variant) in zip(sweep.variants, other.variants) where variant.cells.indices.contains(position) {
        var cell = variant.cells[position]
        cell.row["position"] = count
        try insert(cell, variant: own.row["id"] ?? 0, database)
      }
      count += 1
    }
    return count != sweep.seeds.count || rules.count != sweep.rules.count
  }

  // MARK: Registrations

  /// Counts anew how many results there were when analyses and rules were registered: some of them may have been elsewhere.
  func settleRegistrations() throws {
    try here.write { database in
      for id in Set(sweeps.values) {
        for table in ["analysis", "seed_rule"] {
          try database.execute(
            sql: """
              UPDATE \(table) SET completed_runs = MAX(completed_runs, (
                SELECT COUNT(DISTINCT attempt.run_id) FROM variant JOIN cell ON cell.variant_id = variant.id
                JOIN attempt ON attempt.run_id = cell.run_id
                WHERE variant.sweep_id = \(table).sweep_id AND attempt.exit_state = 'completed'
                  AND attempt.ended_at <= \(table).registered_at))
              WHERE sweep_id = ?
              """, arguments: [id])
        }
      }
    }
  }
}
