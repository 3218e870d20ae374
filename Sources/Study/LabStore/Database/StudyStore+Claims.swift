import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// Takes a run for a process, in one transaction.
  ///
  /// - Throws: an error of the store where it cannot be written.
  public func claim(
    _ identity: RunIdentity, sweep: Int64, owner: ProcessIdentity, policy: ClaimPolicy
  ) throws -> ClaimResult {
    // Most claims of a resumed sweep are of completed runs: those need no lock.
    if let state = try read({ try finishedState(identity, policy: policy, $0) }) { return .finished(state) }
    let result = try write { try claim(identity, sweep: sweep, owner: owner, policy: policy, $0) }
    if case .claimed(let claimed) = result { try discardFilesIfNeeded(claimed) }
    return result
  }

  /// Gives a sign of life for a lease, and says how far the run is, in one transaction.
  ///
  /// - Parameters:
  ///   - lease: the lease on the run.
  ///   - progress: how far the run is; nil leaves what was said before.
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func heartbeat(_ lease: RunLease, progress: RunProgress?) throws {
    let now = options.now()
    try write { database in
      let token = lease.token.uuidString
      if let progress {
        try database.executeCached(
          sql: """
            UPDATE lease SET heartbeat_at = ?, progress_at = ?, epoch = ?, epochs = ?, step = ?, steps_per_epoch = ?,
              loss = ?, images_per_second = ?, remaining_seconds = ?, activity = ?
            WHERE token = ?
            """,
          arguments: [
            now, now, progress.epoch, progress.epochs, progress.step, progress.stepsPerEpoch, progress.loss,
            progress.imagesPerSecond, progress.remainingSeconds, progress.activity, token,
          ])
      } else {
        try database.executeCached(
          sql: "UPDATE lease SET heartbeat_at = ? WHERE token = ?", arguments: [now, token])
      }
      guard database.changesCount == 1 else { throw RunStoreError.leaseLost(lease) }
    }
  }

  /// Ends the attempt in one transaction; a completed run keeps only its last checkpoint, or none.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func finish(_ lease: RunLease, _ outcome: RunOutcome) throws {
    let now = options.now()
    try write { database in
      let run = try heldRun(lease, database)
      if case .completed(let record) = outcome { try insert(record, run: run, database) }
      var isRetriable = false
      if case .failed(_, true) = outcome { isRetriable = true }
      try database.executeCached(
        sql: "UPDATE run SET state = ?, reason = ?, is_retriable = ?, ended_at = ? WHERE id = ?",
        arguments: [outcome.state.rawValue, outcome.reason, isRetriable, now, run])
      try endAttempt(lease.attempt, run: run, state: outcome.state, reason: outcome.reason, at: now, database)
      try database.executeCached(sql: "DELETE FROM lease WHERE run_id = ?", arguments: [run])
      let message = outcome.reason.map { "\(outcome.state.rawValue): \($0)" } ?? outcome.state.rawValue
      try insertEvent(.finished, message, run: run, attempt: lease.attempt, at: now, database)
      if outcome.state == .completed {
        try noteFiles(of: lease, run: run, database)
        if !options.keepsCheckpoints {
          try database.executeCached(
            sql: "DELETE FROM file WHERE run_id = ? AND name = ?",
            arguments: [run, RunFolder.File.checkpoint.rawValue])
        }
        try folder(of: lease.run).remove(.previousCheckpoint)
        try folder(of: lease.run).removeTemporaries()
      }
    }
    // Only when the result is on record. What the system refuses to remove stays, is no harm, and is shown by a cleaning.
    if outcome.state == .completed, !options.keepsCheckpoints { try? folder(of: lease.run).remove(.checkpoint) }
  }
}

// MARK: - Claiming

extension StudyStore {
  /// The state of a run that has ended and that the policy leaves so.
  private func finishedState(_ identity: RunIdentity, policy: ClaimPolicy, _ database: Database) throws -> RunState? {
    let record = try runRecord(identity, database)
    guard record.state.isTerminal else { return nil }
    let decision = policy.decision(
      state: record.state, isRetriable: record.isRetriable, lastAttemptAt: record.endedAt)
    guard decision == .leave, try loss(of: record, database) == nil else { return nil }
    return record.state
  }

  private func claim(
    _ identity: RunIdentity, sweep: Int64, owner: ProcessIdentity, policy: ClaimPolicy, _ database: Database
  ) throws -> ClaimResult {
    let now = options.now()
    let record = try runRecord(identity, database)
    _ = try sweepRecord(sweep, database)
    let last = try AttemptRecord.fetchOne(
      database, sql: "SELECT * FROM attempt WHERE run_id = ? ORDER BY number DESC LIMIT 1", arguments: [record.id])
    let lease = try LeaseRecord.fetchOne(database, key: record.id)
    if let lease, let last, isLive(lease, last.owner, at: now) {
      return .busy(owner: last.owner, lastHeartbeat: lease.heartbeatAt)
    }
    let decision = policy.decision(
      state: record.state, isRetriable: record.isRetriable, lastAttemptAt: record.endedAt ?? last?.startedAt)
    let loss = decision == .leave ? try loss(of: record, database) : nil
    if decision == .leave, loss == nil { return .finished(record.state) }

    guard let before = try runs(.identity(identity), held: nil, database).first?.run else {
      throw RunStoreError.unknownRun(identity.short)
    }
    let attempt = (last?.number ?? 0) + 1
    if let lease, let last {
      try endAttempt(
        last.number, run: record.id, state: .interrupted, reason: StudyStore.abandonment,
        at: lease.heartbeatAt, database)
      try database.executeCached(sql: "DELETE FROM lease WHERE run_id = ?", arguments: [record.id])
      try insertEvent(
        .takenOver, "\(owner) took over from \(last.owner)", run: record.id, attempt: attempt, at: now, database)
    } else {
      try insertEvent(.claimed, "claimed by \(owner)", run: record.id, attempt: attempt, at: now, database)
    }
    if decision == .discard { try discardRows(run: record.id, database) }
    var remarks: [String] = []
    if let loss {
      try discardFinal(run: record.id, database)
      remarks = ["the run counted as completed, but \(loss): it is trained again from what is left"]
    }
    for remark in remarks { try insertEvent(.warning, remark, run: record.id, attempt: attempt, at: now, database) }
    // What is stored from here on is noted anew.
    try database.executeCached(sql: "DELETE FROM file WHERE run_id = ?", arguments: [record.id])
    let token = UUID()
    try AttemptRecord(
      runId: record.id, number: attempt, sweepId: sweep, host: owner.host, processScope: owner.scope, pid: owner.pid,
      processStart: owner.startTime, startedAt: now, token: token.uuidString
    ).insert(database)
    try LeaseRecord(runId: record.id, attempt: attempt, token: token.uuidString, heartbeatAt: now).insert(database)
    try database.executeCached(
      sql: "UPDATE run SET state = 'running', reason = NULL, is_retriable = FALSE, ended_at = NULL WHERE id = ?",
      arguments: [record.id])
    let recordedEpochs = decision == .discard ? 0 : record.completedEpochs
    return .claimed(
      ClaimedRun(
        lease: RunLease(run: identity, token: token, attempt: attempt),
        run: before, sweep: sweep, recordedEpochs: recordedEpochs, remarks: remarks))
  }

  func isLive(_ lease: LeaseRecord, _ owner: ProcessIdentity, at now: Date) -> Bool {
    switch owner.liveness {
    case .alive: true
    case .dead: false
    case .unknown: now.timeIntervalSince(lease.heartbeatAt) < options.patienceSeconds
    }
  }

  /// Removes what earlier attempts recorded, and marks their files for removal.
  private func discardRows(run: Int64, _ database: Database) throws {
    try deleteEpochs(">= ?", 0, run: run, database)
    try discardFinal(run: run, database)
    try database.executeCached(sql: "UPDATE run SET discards_files = TRUE WHERE id = ?", arguments: [run])
    try refreshTotals(run: run, database)
  }

  /// Removes what a completed attempt recorded at its end.
  func discardFinal(run: Int64, _ database: Database) throws {
    for table in ["completion", "final_value", "class_metric", "confusion_matrix", "health"] {
      try database.executeCached(sql: "DELETE FROM \(table) WHERE run_id = ?", arguments: [run])
    }
  }

  /// Removes the files of discarded attempts; the mark in the database outlives a crash in between.
  private func discardFilesIfNeeded(_ claimed: ClaimedRun) throws {
    let identity = claimed.lease.run
    guard try read({ try runRecord(identity, $0).discardsFiles }) else { return }
    do {
      try write { database in
        let run = try heldRun(claimed.lease, database)
        try folder(of: identity).removeFiles()
        try database.executeCached(sql: "UPDATE run SET discards_files = FALSE WHERE id = ?", arguments: [run])
      }
    } catch {
      try? finish(claimed.lease, .interrupted(reason: "\(error)"))
      throw error
    }
  }

  private func endAttempt(
    _ number: Int, run: Int64, state: RunState, reason: String?, at date: Date, _ database: Database
  ) throws {
    try database.executeCached(
      sql: "UPDATE attempt SET ended_at = ?, exit_state = ?, exit_reason = ? WHERE run_id = ? AND number = ?",
      arguments: [date, state.rawValue, reason, run, number])
  }
}
