import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// Which rows of `run` are read, joined with whatever else decides it.
  struct RunQuery {
    /// The rows, from `FROM` on.
    var source: String
    /// Their order, from `ORDER BY` on.
    var order = ""
    /// The numbers of the rows as `id`, each once, found without reading the rows themselves.
    var ids: String
    /// What stands for the question marks of ``source`` and of ``ids``.
    var arguments: StatementArguments
    /// The expression by which who asks knows the rows apart.
    var key = "run.id"

    /// The runs for which a condition holds.
    static func runs(where condition: String, order: String = "", arguments: StatementArguments) -> RunQuery {
      let source = "FROM run WHERE \(condition)"
      return RunQuery(source: source, order: order, ids: "SELECT run.id \(source)", arguments: arguments)
    }

    /// The run of an identity.
    static func identity(_ identity: RunIdentity) -> RunQuery {
      runs(where: "run.identity = ?", arguments: [identity.hash.hexadecimal])
    }

    /// The runs of a sweep with the variants that they are of, in the order of the plan.
    static func sweep(_ id: Int64) -> RunQuery {
      let cells = "FROM variant JOIN cell ON cell.variant_id = variant.id"
      return RunQuery(
        source: "\(cells) JOIN run ON run.id = cell.run_id WHERE variant.sweep_id = ?",
        // The order of an index: rows with their configurations are slow to sort.
        order: "ORDER BY variant.position, cell.position",
        ids: "SELECT DISTINCT cell.run_id AS id \(cells) WHERE variant.sweep_id = ?", arguments: [id],
        key: "cell.variant_id")
    }
  }

  /// The runs of a query, each as it stands, in its order and with its key.
  ///
  /// Rows of metrics, health and classes are there for completed runs only, and are read by one query each, however many runs
  /// there are.
  ///
  /// - Parameter held: the leases; nil leaves every run in the state that is on record.
  func runs(_ query: RunQuery, held: HeldRuns?, _ database: Database) throws -> [(key: Int64, run: Run)] {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT \(query.key), run.id, run.identity, run.configuration, run.data_hash, run.seed, run.planned_epochs, run.state,
          run.reason, run.is_retriable, (SELECT COUNT(*) FROM attempt WHERE attempt.run_id = run.id),
          run.completed_epochs, run.train_seconds, run.images_per_second
        \(query.source) \(query.order)
        """, arguments: query.arguments)
    var found: [(key: Int64, id: Int64, run: Run)] = []
    // Runs of a variant have one configuration, and come one after another.
    var (text, configuration): (String?, JSONValue) = (nil, .null)
    while let row = try rows.next() {
      let rowText: String = row[3]
      if rowText != text { (text, configuration) = (rowText, try JSONValue(parsing: rowText)) }
      let id: Int64 = row[1]
      var run = Run(
        identity: RunIdentity(hash: ContentHash(hexadecimal: row[2])), configuration: configuration,
        dataHash: ContentHash(hexadecimal: row[4]), seed: UInt64(bitPattern: row[5]), plannedEpochs: row[6])
      run.state = RunState(rawValue: row[7]) ?? .pending
      run.reason = row[8]
      run.isRetriable = row[9]
      run.attempts = row[10]
      run.completedEpochs = row[11]
      run.trainSeconds = row[12]
      run.imagesPerSecond = row[13]
      if let held, held.abandoned.contains(id) { (run.state, run.reason) = (.interrupted, StudyStore.abandonment) }
      // What was told before the last epoch was recorded is of the past.
      if let lease = held?.live[id], let progress = lease.progress, progress.epoch >= run.completedEpochs {
        (run.progress, run.progressAt) = (progress, lease.progressAt)
      }
      found.append((row[0], id, run))
    }
    guard found.contains(where: { $0.run.state == .completed }) else { return found.map { ($0.key, $0.run) } }
    let metrics = try metrics(query, database)
    let health = try health(query, database)
    let images = try testImageCounts(query, database)
    return found.map { key, id, run in
      guard run.state == .completed else { return (key, run) }
      var run = run
      run.metrics = metrics[id] ?? [:]
      run.health = health[id]?.inOrderOfChecks ?? []
      run.testImageCount = images[id]
      return (key, run)
    }
  }

  /// The runs that are on record as running.
  struct HeldRuns {
    /// Those whose process has died: who reads sees them as what they are, and who claims one next writes it down.
    var abandoned: Set<Int64> = []
    /// The leases of the others, by the numbers of their runs.
    var live: [Int64: LeaseRecord] = [:]
  }

  /// Tells the runs that a living process holds from those that none does.
  func heldRuns(_ database: Database) throws -> HeldRuns {
    var held = HeldRuns()
    for lease in try LeaseRecord.fetchAll(database) {
      let attempt = try AttemptRecord.fetchOne(
        database, sql: "SELECT * FROM attempt WHERE run_id = ? AND number = ?", arguments: [lease.runId, lease.attempt])
      guard let attempt else { continue }
      if isLive(lease, attempt.owner, at: options.now()) {
        held.live[lease.runId] = lease
      } else {
        held.abandoned.insert(lease.runId)
      }
    }
    return held
  }

  /// Why a run of a dead process was interrupted.
  static let abandonment = "its process ended without a word"

  /// The final metrics of each run, those that are numbers.
  private func metrics(_ query: RunQuery, _ database: Database) throws -> [Int64: Metrics] {
    let known = try MetricNames(of: .results, database)
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT final_value.run_id, final_value.metric_id, final_value.value
        FROM (\(query.ids)) AS wanted JOIN final_value ON final_value.run_id = wanted.id WHERE final_value.value IS NOT NULL
        """, arguments: query.arguments)
    var all: [Int64: Metrics] = [:]
    // The rows of a run come one after another.
    var (run, metrics): (Int64?, Metrics) = (nil, [:])
    while let row = try rows.next() {
      if row[0] != run {
        if let run { all[run] = metrics }
        (run, metrics) = (row[0], [:])
      }
      if let name = known.name(row[1]) { metrics.append(row[2], as: name) }
    }
    if let run { all[run] = metrics }
    return all
  }

  private func health(_ query: RunQuery, _ database: Database) throws -> [Int64: [HealthNote]] {
    let records = try HealthRecord.fetchAll(
      database,
      sql: """
        SELECT health.* FROM (\(query.ids)) AS wanted JOIN health ON health.run_id = wanted.id
        """, arguments: query.arguments)
    return Dictionary(grouping: records, by: \.runId).mapValues { $0.map(\.note) }
  }

  /// The number of test images behind each run's result: what its classes add up to.
  private func testImageCounts(_ query: RunQuery, _ database: Database) throws -> [Int64: Int] {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT wanted.id, (SELECT SUM(support) FROM class_metric WHERE class_metric.run_id = wanted.id)
        FROM (\(query.ids)) AS wanted
        """, arguments: query.arguments)
    var counts: [Int64: Int] = [:]
    while let row = try rows.next() { counts[row[0]] = row[1] as Int? }
    return counts
  }
}
