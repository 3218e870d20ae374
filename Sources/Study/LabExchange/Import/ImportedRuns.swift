import Foundation
import LabCore
import LabRecords

/// What a table's rows say of each run.
struct ImportedRuns {
  /// One run.
  struct Entry {
    /// The level of each factor, in the order of the factors.
    var levels: [String]
    var seed: UInt64
    /// The places of its rows, in the order of its epochs.
    var rows: [Int]
    var metrics: Metrics
    var outcome: RunOutcome?
    var epochs: [EpochRecord]
  }

  private let table: ImportTable
  private let assignment: ColumnAssignment
  /// The runs, in the order of their first rows.
  private(set) var entries: [Entry] = []

  init(_ assignment: ColumnAssignment) throws {
    self.assignment = assignment
    table = assignment.table
    let factors = assignment.places(.factor)
    guard let seedPlace = assignment.place(.seed) else { return }
    var known: [[String]: Int] = [:]
    for row in table.rows.indices {
      let levels = factors.map { assignment.level(table.rows[row].cells[$0]) }
      let seed = try table.wholeNumber(row, seedPlace)
      let key = levels + [String(seed)]
      if let index = known[key] {
        entries[index].rows.append(row)
      } else {
        known[key] = entries.count
        entries.append(Entry(levels: levels, seed: seed, rows: [row], metrics: [:], outcome: nil, epochs: []))
      }
    }
    for index in entries.indices { try read(&entries[index]) }
  }

  private func read(_ entry: inout Entry) throws {
    let columns = assignment.places(.metric)
    if let epoch = assignment.place(.epoch) {
      entry.rows = try ordered(entry.rows, by: epoch)
      entry.epochs = try EpochRows(table, rows: entry.rows, epoch: epoch).records { try metrics($0, columns) }
    } else if entry.rows.count > 1 {
      let lines = entry.rows.map { table.rows[$0].line }
      throw ExchangeError.request(
        "\(table.file) has two rows of the same levels and seed, in lines \(lines[0]) and \(lines[1]): name a further "
          + "factor by --factors, or the column of epochs by --epoch")
    }
    // The result of a run is what its last row has, or the last one that has it.
    for row in entry.rows { entry.metrics.merge(try metrics(row, columns)) }
    entry.outcome = try outcome(entry)
  }

  private func ordered(_ rows: [Int], by epoch: Int) throws -> [Int] {
    let numbered = try rows.map { (row: $0, epoch: try table.wholeNumber($0, epoch)) }.sorted {
      ($0.epoch, $0.row) < ($1.epoch, $1.row)
    }
    for (first, second) in zip(numbered, numbered.dropFirst()) where first.epoch == second.epoch {
      throw ExchangeError.request(
        "\(table.file) has epoch \(first.epoch) of a run twice, in lines \(table.rows[first.row].line) and "
          + "\(table.rows[second.row].line)")
    }
    return numbered.map(\.row)
  }

  /// The numbers of a row.
  private func metrics(_ row: Int, _ columns: [Int]) throws -> Metrics {
    var metrics = Metrics()
    for place in columns {
      guard let column = assignment.assigned[place],
        let value = try table.metric(row, place, name: column.name, divisor: column.divisor)
      else { continue }
      metrics[MetricName(column.name)] = value
    }
    return metrics
  }

  /// How a run ended; nil where it has not begun.
  private func outcome(_ entry: Entry) throws -> RunOutcome? {
    var metrics = entry.metrics
    for name in ["train_seconds", "images_per_second"] { metrics[MetricName(name)] = nil }
    let completed = RunOutcome.completed(FinalRecord(metrics: metrics))
    guard let row = entry.rows.last, let place = assignment.place(.state) else { return completed }
    let text = table.rows[row].cells[place]
    let given = assignment.place(.reason).map { table.rows[row].cells[$0] }.flatMap { $0.isEmpty ? nil : $0 }
    let reason = given ?? "\(text), as \(table.file) tells"
    switch text.lowercased() {
    case "completed", "complete", "finished", "success", "succeeded", "done": return completed
    case "failed", "crashed", "killed", "error", "aborted", "preempted": return .failed(reason: reason)
    case "diverged": return .diverged(reason: reason)
    case "running", "interrupted", "stopped", "paused": return .interrupted(reason: reason)
    case "pending", "queued", "scheduled", "created": return nil
    default:
      throw table.bad(row, place, "a state, such as completed, finished, failed, crashed, diverged or running")
    }
  }
}

extension ImportTable {
  /// The number of a metric in a cell; nil where it has no value.
  ///
  /// - Throws: ``ExchangeError/cell(file:line:column:found:expected:)``, also of a share that is none.
  func metric(_ row: Int, _ column: Int, name: String, divisor: Double?) throws -> Double? {
    guard let number = try number(row, column) else { return nil }
    let value = number / (divisor ?? 1)
    if let metric = ForeignMetricName.metric(name), let range = metric.range, value.isFinite, !range.contains(value) {
      let remedy =
        metric.unit == .percent && divisor == nil && (0...100).contains(number)
        ? " (where the column is in percent: --metrics \(name)=\(columns[column].header)%)" : ""
      throw bad(row, column, "\(name) from \(range.lowerBound.short) to \(range.upperBound.short)\(remedy)")
    }
    return value
  }
}

extension Double {
  /// Without decimals where there are none.
  fileprivate var short: String { self == rounded() && abs(self) < 1e9 ? "\(Int(self))" : "\(self)" }
}

/// The rows of a run's epochs.
struct EpochRows {
  private let table: ImportTable
  private let rows: [Int]
  private let epoch: Int

  /// - Parameters:
  ///   - rows: the places of the rows in the order of their epochs.
  ///   - epoch: the column of epochs.
  init(_ table: ImportTable, rows: [Int], epoch: Int) {
    self.table = table
    self.rows = rows
    self.epoch = epoch
  }

  /// The records, from 0 on; where the file counts otherwise than by one, its number is the metric `step`.
  func records(_ metrics: (Int) throws -> Metrics) throws -> [EpochRecord] {
    let numbers = try rows.map { try table.wholeNumber($0, epoch) }
    let start = numbers.first ?? 0
    let isCounted = start <= 1 && numbers.enumerated().allSatisfy { UInt64($0.offset) + start == $0.element }
    return try rows.indices.map { index in
      var values = try metrics(rows[index])
      let timing = EpochRows.timing(taken: &values)
      if !isCounted { values["step"] = Double(numbers[index]) }
      return EpochRecord(epoch: index, metrics: values, timing: timing)
    }
  }

  /// The times among an epoch's numbers, which are kept apart from the others where the training's is known.
  private static func timing(taken values: inout Metrics) -> EpochRecord.Timing {
    guard let seconds = values["train_seconds"], seconds > 0, let rate = values["images_per_second"],
      let step = values["step_milliseconds"]
    else { return .notMeasured }
    let timing = EpochRecord.Timing(
      trainSeconds: seconds, evaluationSeconds: values["evaluation_seconds"] ?? 0, imagesPerSecond: rate,
      meanStepMilliseconds: step, peakMemoryBytes: values["peak_memory_bytes"].flatMap { Int(exactly: $0) },
      plannedMemoryBytes: values["planned_memory_bytes"].flatMap { Int(exactly: $0) })
    for name in [
      "train_seconds", "evaluation_seconds", "images_per_second", "step_milliseconds", "peak_memory_bytes",
      "planned_memory_bytes",
    ] { values[MetricName(name)] = nil }
    return timing
  }
}
