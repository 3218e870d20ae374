import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore: RunStore {
  /// Makes the sweep and its runs known, or finds the equal one that is.
  ///
  /// - Throws: an error of the store where it cannot be written.
  public func register(_ sweep: Sweep) throws -> StoredSweep {
    try sweep.validate()
    let planHash = sweep.planHash
    let now = options.now()
    return try write { database in
      let known = try Int64.fetchOne(
        database, sql: "SELECT id FROM sweep WHERE plan_hash = ?", arguments: [planHash.hexadecimal])
      let id: Int64
      if let known {
        id = known
        try database.execute(sql: "UPDATE sweep SET last_registered_at = ? WHERE id = ?", arguments: [now, id])
        try updateCounts(of: sweep, id: id, database)
      } else {
        id = try insert(sweep.asPlanned, planHash: planHash, at: now, database)
      }
      try register(sweep.analysis, sweep: id, at: now, database)
      guard let stored = try storedSweeps(database, id: id).first else {
        throw RunStoreError.unknownSweep(String(id))
      }
      return stored
    }
  }

  /// All sweeps, the one registered last first.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func sweeps() throws -> [StoredSweep] { try read { try storedSweeps($0, id: nil) } }

  /// A sweep as it was last registered, with how its runs stand at one instant.
  ///
  /// - Throws: ``LabRecords/RunStoreError/unknownSweep(_:)``; an error of the store where it cannot be read.
  public func sweep(_ id: Int64) throws -> Sweep {
    try read { database in
      let record = try sweepRecord(id, database)
      var runsByVariant: [Int64: [Run]] = [:]
      for (variant, run) in try runs(.sweep(id), held: heldRuns(database), database) {
        runsByVariant[variant, default: []].append(run)
      }
      let variants = try variantRows(sweep: id, database).map { id, variant in
        var variant = variant
        variant.runs = runsByVariant.removeValue(forKey: id) ?? []
        return variant
      }
      var analyses = try analyses(sweep: id, database)
      if let last = analyses.indices.last {
        analyses[last].continuation = try continuation(of: analyses, sweep: id, name: record.name, database)
      }
      return Sweep(
        id: id, createdAt: record.createdAt, name: record.name, specText: record.specText, specHash: record.specHash,
        factors: try factors(sweep: id, database), seeds: try seeds(sweep: id, database), variants: variants,
        analysis: analyses.last?.plan, analyses: analyses, seedRules: try seedRules(sweep: id, database),
        shards: try shards(sweep: id, database),
        imported: try record.imported.map { try JSONValue(parsing: $0).decode() })
    }
  }
}

// MARK: - Reading

extension StudyStore {
  func sweepRecord(_ id: Int64, _ database: Database) throws -> SweepRecord {
    guard let record = try SweepRecord.fetchOne(database, key: id) else {
      throw RunStoreError.unknownSweep(String(id))
    }
    return record
  }

  /// The variants of a sweep without their runs, each with the number of its row, in the order of the plan.
  func variantRows(sweep id: Int64, _ database: Database) throws -> [(id: Int64, variant: Variant)] {
    var levels: [Int64: [String: String]] = [:]
    let levelRows = try Row.fetchCursor(
      database,
      sql: """
        SELECT variant_level.variant_id, variant_level.factor, variant_level.level
        FROM variant JOIN variant_level ON variant_level.variant_id = variant.id WHERE variant.sweep_id = ?
        """, arguments: [id])
    while let row = try levelRows.next() { levels[row[0], default: [:]][row[1]] = row[2] }
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT id, label, is_baseline, parameter_count, multiply_adds FROM variant
        WHERE sweep_id = ? ORDER BY position
        """, arguments: [id])
    var variants: [(id: Int64, variant: Variant)] = []
    while let row = try rows.next() {
      let id: Int64 = row[0]
      let variant = Variant(
        label: row[1], levels: levels[id] ?? [:], isBaseline: row[2], parameterCount: row[3], multiplyAdds: row[4],
        runs: [])
      variants.append((id, variant))
    }
    return variants
  }

  private func factors(sweep id: Int64, _ database: Database) throws -> [Factor] {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT factor_position, factor, level FROM factor_level WHERE sweep_id = ?
        ORDER BY factor_position, level_position
        """, arguments: [id])
    var factors: [Factor] = []
    while let row = try rows.next() {
      if row[0] == factors.count { factors.append(Factor(name: row[1], levels: [])) }
      if let level: String = row[2] { factors[factors.count - 1].levels.append(level) }
    }
    return factors
  }

  func seeds(sweep id: Int64, _ database: Database) throws -> [UInt64] {
    try Int64.fetchAll(
      database, sql: "SELECT seed FROM sweep_seed WHERE sweep_id = ? ORDER BY position", arguments: [id]
    ).map { UInt64(bitPattern: $0) }
  }

  /// All sweeps, or one, the one registered last first.
  func storedSweeps(_ database: Database, id: Int64?) throws -> [StoredSweep] {
    let filter = id.map { "WHERE sweep.id = \($0)" } ?? ""
    var counts: [Int64: [RunState: Int]] = [:]
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT sweep.id, run.state, COUNT(DISTINCT run.id) FROM sweep
        JOIN variant ON variant.sweep_id = sweep.id JOIN cell ON cell.variant_id = variant.id
        JOIN run ON run.id = cell.run_id \(filter) GROUP BY sweep.id, run.state
        """)
    while let row = try rows.next() {
      if let state = RunState(rawValue: row[1]) { counts[row[0], default: [:]][state] = row[2] }
    }
    let records = try SweepRecord.fetchAll(
      database, sql: "SELECT * FROM sweep \(filter) ORDER BY last_registered_at DESC, id DESC")
    return records.map { $0.stored(runCounts: counts[$0.id] ?? [:]) }
  }
}

// MARK: - Writing

extension StudyStore {
  func insert(
    _ sweep: Sweep, planHash: ContentHash, at now: Date, _ database: Database
  ) throws -> Int64 {
    try database.execute(
      sql: """
        INSERT INTO sweep (name, spec_text, spec_hash, plan_hash, created_at, last_registered_at)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        sweep.name, sweep.specText, sweep.specHash.hexadecimal, planHash.hexadecimal, now, now,
      ])
    let id = database.lastInsertedRowID
    try insertAxes(of: sweep, id: id, database)

    let insertVariant = try database.makeStatement(
      sql: """
        INSERT INTO variant (sweep_id, position, label, is_baseline, parameter_count, multiply_adds)
        VALUES (?, ?, ?, ?, ?, ?)
        """)
    let insertLevel = try database.makeStatement(
      sql: "INSERT INTO variant_level (variant_id, factor, level) VALUES (?, ?, ?)")
    for (position, variant) in sweep.variants.enumerated() {
      try insertVariant.execute(arguments: [
        id, position, variant.label, variant.isBaseline, variant.parameterCount, variant.multiplyAdds,
      ])
      let variantID = database.lastInsertedRowID
      for (factor, level) in variant.levels { try insertLevel.execute(arguments: [variantID, factor, level]) }
      try insertCells(of: variant, from: 0, id: variantID, at: now, database)
    }
    return id
  }

  /// Adds the cells of a variant from a seed's position on, and those of their runs that are new.
  func insertCells(
    of variant: Variant, from position: Int, id: Int64, at now: Date, _ database: Database
  ) throws {
    let insertRun = try database.cachedStatement(
      sql: """
        INSERT INTO run (identity, configuration, data_hash, seed, planned_epochs, state, is_retriable,
          completed_epochs, created_at, discards_files)
        VALUES (?, ?, ?, ?, ?, 'pending', FALSE, 0, ?, FALSE) ON CONFLICT (identity) DO NOTHING
        """)
    let insertCell = try database.cachedStatement(
      sql: "INSERT INTO cell (variant_id, position, run_id) SELECT ?, ?, id FROM run WHERE identity = ?")
    for (seedPosition, run) in variant.runs.enumerated().dropFirst(position) {
      let identity = run.identity.hash.hexadecimal
      try insertRun.execute(arguments: [
        identity, run.configuration.canonicalText, run.dataHash.hexadecimal, Int64(bitPattern: run.seed),
        run.plannedEpochs, now,
      ])
      try insertCell.execute(arguments: [id, seedPosition, identity])
    }
  }

  private func insertAxes(of sweep: Sweep, id: Int64, _ database: Database) throws {
    for (position, seed) in sweep.seeds.enumerated() {
      try database.execute(
        sql: "INSERT INTO sweep_seed (sweep_id, position, seed) VALUES (?, ?, ?)",
        arguments: [id, position, Int64(bitPattern: seed)])
    }
    for (position, factor) in sweep.factors.enumerated() {
      // A factor without levels has one row without a level, so that the factor itself is kept.
      let levels = factor.levels.isEmpty ? [nil] : factor.levels.map(Optional.some)
      for (levelPosition, level) in levels.enumerated() {
        try database.execute(
          sql: """
            INSERT INTO factor_level (sweep_id, factor_position, level_position, factor, level) VALUES (?, ?, ?, ?, ?)
            """, arguments: [id, position, levelPosition, factor.name, level])
      }
    }
  }

  /// Takes over counts that a repeated registration has learned.
  private func updateCounts(of sweep: Sweep, id: Int64, _ database: Database) throws {
    let update = try database.makeStatement(
      sql: """
        UPDATE variant SET parameter_count = COALESCE(?, parameter_count), multiply_adds = COALESCE(?, multiply_adds)
        WHERE sweep_id = ? AND position = ?
        """)
    for (position, variant) in sweep.variants.enumerated()
    where variant.parameterCount != nil || variant.multiplyAdds != nil {
      try update.execute(arguments: [variant.parameterCount, variant.multiplyAdds, id, position])
    }
  }
}
