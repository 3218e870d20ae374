import Foundation
import GRDB
import LabCore
import LabRecords

extension StoreMerge {
  /// What follows from how a run stands on both sides.
  private enum Decision: Equatable {
    /// Nothing is there that is not here.
    case known
    /// It is taken; what it takes the place of is said, where that is something.
    case take(String?)
    /// It is left there.
    case leaveOut(String)
    /// Both have ended, with other results.
    case conflict(String)
  }

  /// The kind of the note on a completed run that has another result elsewhere.
  static let conflictKind = "other_result_elsewhere"

  mutating func take(_ candidate: Candidate) throws {
    // What is here may change while files are copied, and is then looked at once more.
    for _ in 0..<3 {
      switch try decision(candidate) {
      case .known:
        report.knownCount += 1
        return try takeLesions(candidate)
      case .leaveOut(let reason): return report.leftOut.append(candidate, reason)
      case .conflict(let difference):
        try record(difference, candidate)
        return report.conflicts.append(candidate, difference)
      case .take(let place):
        guard let rows = try rows(of: candidate) else { continue }
        if try take(candidate, rows, in: place) { return try takeLesions(candidate) }
      }
    }
    report.leftOut.append(candidate, "changes while it is being taken")
  }

  // MARK: Deciding

  private func decision(_ candidate: Candidate) throws -> Decision {
    try here.read { database in try decision(candidate, database) }
  }

  private func decision(_ candidate: Candidate, _ database: Database) throws -> Decision {
    let here = try here.standing(of: candidate.run, database)
    let there = try there.read { try self.there.standing(of: candidate.run, $0) }
    if there.trainer != nil, here.state != .completed || here.loss != nil {
      return .leaveOut("is being trained there")
    }
    if there.state == .pending || there.trainer != nil { return .known }
    if let trainer = here.trainer { return .leaveOut("is being trained here, by \(trainer)") }
    switch (here.state, there.state) {
    case (.pending, _): return .take(nil)
    case (.completed, .completed):
      if let difference = try difference(candidate.run, database) { return .conflict(difference) }
      return here.loss.map { .take("a completed run of which \($0)") } ?? .known
    case (.completed, .diverged): return .conflict("diverged in \(name), and is completed here")
    case (.diverged, .completed): return .conflict("is completed in \(name), and diverged here")
    case (.interrupted, .completed), (.failed, .completed): return .take("one that \(here.progress)")
    case (.interrupted, .interrupted) where there.hasCheckpoint && !here.hasCheckpoint && !here.hasCapsule:
      return .take("one that \(here.progress) and had no checkpoint")
    case (.interrupted, .interrupted) where there.record.completedEpochs == here.record.completedEpochs: return .known
    case (.completed, _), (.diverged, _), (.failed, .failed): return .known
    default: return .leaveOut("\(there.progress) there, and \(here.progress) here")
    }
  }

  /// How the results of a completed run differ, as the end of a sentence; nil where they are the same.
  ///
  /// Numbers that only one of them has come from other versions of the program, and are no difference.
  private func difference(_ run: RunIdentity, _ database: Database) throws -> String? {
    let place = name
    let there = try there.finalRecord(of: run)
    let here = try here.finalRecord(run: here.runRecord(run, database).id, database)
    guard let there, let here else { return nil }
    for (name, value) in here.metrics where name.split != nil {
      guard let other = there.metrics[name], other != value, !(other.isNaN && value.isNaN) else { continue }
      return "has \(name.key) \(other) in \(place), and \(value) here"
    }
    guard let hash = here.weightsHash, let other = there.weightsHash, hash != other else { return nil }
    return "has other weights in \(place) (\(other.short)) than here (\(hash.short))"
  }

  /// Keeps a conflict with the run that it is about, so that who looks at its results sees it.
  private func record(_ difference: String, _ candidate: Candidate) throws {
    let message = "the run \(difference); what is here stays"
    let now = here.options.now()
    try here.write { database in
      let record = try here.runRecord(candidate.run, database)
      let isKnown = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM event WHERE run_id = ? AND message = ?)",
        arguments: [record.id, message])
      if isKnown != true {
        let attempt = try Int.fetchOne(
          database, sql: "SELECT MAX(number) FROM attempt WHERE run_id = ?", arguments: [record.id])
        try here.insertEvent(.warning, message, run: record.id, attempt: attempt ?? 0, at: now, database)
      }
      guard record.state == .completed else { return }
      try HealthRecord(runId: record.id, HealthNote(StoreMerge.conflictKind, message))
        .insert(database, onConflict: .replace)
    }
  }

  // MARK: Taking

  /// What is on record of a run there; nil where somebody has begun to train it.
  private func rows(of candidate: Candidate) throws -> RunRows? {
    try there.read { database in
      guard try there.standing(of: candidate.run, database).trainer == nil else { return nil }
      return try there.rows(of: candidate.run, database)
    }
  }

  /// Takes a run in one transaction, after its files.
  ///
  /// - Returns: whether that is done with: taken, or found damaged; false where the run has changed meanwhile.
  private mutating func take(_ candidate: Candidate, _ rows: RunRows, in place: String?) throws -> Bool {
    let folder = here.folder(of: candidate.run)
    var files = RunFilesMerge(
      from: there.folder(of: candidate.run), to: folder, rows: rows, lineage: try there.lineage(of: candidate.run),
      copying: copying)
    defer { files.removeStaged() }
    if let problem = try files.stage() {
      report.damaged.append(candidate, "is left there: \(problem)")
      return true
    }
    let now = here.options.now()
    let isTaken = try here.write { database in
      guard try decision(candidate, database) == .take(place), try isCurrent(rows, candidate) else { return false }
      let run = try here.runRecord(candidate.run, database).id
      try here.replace(
        run, by: rows, seals: files.seals, sweep: { sweeps[$0] ?? sweeps[candidate.sweep] ?? 0 }, database)
      let message = "taken over from \(name)" + (place.map { ", in the place of \($0)" } ?? "")
      try here.insertEvent(.note, message, run: run, attempt: rows.attemptCount, at: now, database)
      try files.putInPlace()
      try files.removeOthers()
      // What they tell is of attempts that are not on record any more.
      for capsule in here.capsules(of: candidate.run) {
        do { try FileManager.default.removeItem(atPath: capsule) } catch {
          throw FileError(action: "remove", path: capsule, code: RunFolder.systemCode(of: error))
        }
      }
      return true
    }
    guard isTaken else { return false }
    report.taken[rows.state, default: 0] += 1
    if let place { report.replaced.append(candidate, "takes the place of \(place)") }
    for problem in files.problems { report.damaged.append(candidate, problem) }
    report.notes += files.leftOut.map { "\(candidate.label) was taken without \($0), which is no file" }
    if rows.state != .completed, !there.capsules(of: candidate.run).isEmpty {
      report.notes.append(
        "\(candidate.label) was taken without what its process has told last: a sweep in \(name) takes that over, and another "
          + "merge takes the run once it is completed")
    }
    return true
  }

  /// Whether a run is there what it was when its rows were read: somebody may have trained it while its files were copied.
  private func isCurrent(_ rows: RunRows, _ candidate: Candidate) throws -> Bool {
    let standing = try there.read { try there.standing(of: candidate.run, $0) }
    return standing.state == rows.state && standing.attemptCount == rows.attemptCount
  }

  /// Adds what is known there of a run's lesions.
  private mutating func takeLesions(_ candidate: Candidate) throws {
    let source = there.folder(of: candidate.run)
    let target = here.folder(of: candidate.run)
    for name in try source.lesionNames() where FileManager.default.fileExists(atPath: target.path) {
      do {
        let found = try source.readLesions("\(source.path)/\(name)")
        let known = (try? target.readLesions(of: found.setting))?.rows.map(\.lesion.key) ?? []
        var new = found
        new.keep { !known.contains($0.lesion.key) }
        guard !new.rows.isEmpty else { continue }
        try target.add(new)
        report.lesionCount += new.rows.count
      } catch let error as StoreError {
        report.damaged.append(candidate, "lesions are left there: \(error)")
      }
    }
  }
}

extension [MergeReport.Item] {
  fileprivate mutating func append(_ candidate: StoreMerge.Candidate, _ text: String) {
    append(MergeReport.Item(run: candidate.run, label: candidate.label, text: text))
  }
}

extension RunStanding {
  /// How far a run has come that is not completed, as the end of a sentence.
  fileprivate var progress: String {
    let verb =
      switch state {
      case .failed: "had failed"
      case .diverged: "had diverged"
      default: "was \(state.rawValue)"
      }
    return "\(verb) after \(record.completedEpochs) of \(record.plannedEpochs) epochs"
  }
}
