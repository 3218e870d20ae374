import LabCore
import LabRecords

/// A file with a row an epoch, beside one with a row a run.
struct ImportedCourses {
  private let table: ImportTable
  private let main: ColumnAssignment
  private let epoch: Int
  /// The columns by which a row finds its run: those of the factors, and of the seed.
  private let keys: [Int]
  private let metrics: [(place: Int, name: String, divisor: Double?)]
  private let leftOut: [String]

  /// Finds out what the columns are.
  ///
  /// - Parameters:
  ///   - main: what those of the file of runs are.
  ///   - epoch: the column of epochs; nil for `epoch` or `step`.
  init(_ table: ImportTable, of main: ColumnAssignment, epoch: String?) throws {
    self.table = table
    self.main = main
    func place(_ header: String, _ what: String) throws -> Int {
      guard let place = table.columns.firstIndex(where: { $0.header == header || $0.name == header }) else {
        throw ExchangeError.content(file: table.file, problem: "has no column \"\(header)\", which tells \(what)")
      }
      return place
    }
    keys = try (main.places(.factor) + main.places(.seed)).map {
      try place(main.table.columns[$0].header, "which run an epoch is of")
    }
    let names = epoch.map { [$0] } ?? ["epoch", "step"]
    let found = names.lazy.compactMap { name in table.columns.firstIndex { $0.header == name || $0.name == name } }
      .first
    self.epoch = try found ?? place(names[0], "the number of each epoch")
    var (metrics, leftOut) = ([(place: Int, name: String, divisor: Double?)](), [String]())
    for (place, column) in table.columns.enumerated() where place != self.epoch && !keys.contains(place) {
      let own = main.assigned.first { $0?.header == column.header } ?? nil
      let known = ForeignMetricName.known(column.name)
      if let own, own.role == .metric {
        metrics.append((place, own.name, own.divisor))
      } else if table.isNumeric(place), let name = known ?? (column.hint == .metric ? column.name : nil),
        own.map({ [.setting, .leftOut].contains($0.role) }) ?? true
      {
        metrics.append((place, name, nil))
      } else if own == nil {
        leftOut.append(column.header)
      }
    }
    self.metrics = metrics
    self.leftOut = leftOut
  }

  /// Gives each run its epochs.
  ///
  /// - Returns: what was left out, a sentence each.
  func add(to runs: inout [ImportedRuns.Entry]) throws -> [String] {
    var places: [[String]: Int] = [:]
    for (index, run) in runs.enumerated() { places[run.levels + [String(run.seed)]] = index }
    var rows: [Int: [(row: Int, epoch: UInt64)]] = [:]
    for row in table.rows.indices {
      let cells = table.rows[row].cells
      let seed = try table.wholeNumber(row, keys[keys.count - 1])
      let key = keys.dropLast().map { main.level(cells[$0]) } + [String(seed)]
      guard let run = places[key] else {
        throw ExchangeError.content(
          file: table.file,
          problem: "has an epoch in line \(table.rows[row].line) of a run that \(main.table.file) does not have: "
            + key.dropLast().joined(separator: ", ") + ", seed \(seed)")
      }
      rows[run, default: []].append((row, try table.wholeNumber(row, epoch)))
    }
    for (run, found) in rows {
      let ordered = found.sorted { ($0.epoch, $0.row) < ($1.epoch, $1.row) }
      for (first, second) in zip(ordered, ordered.dropFirst()) where first.epoch == second.epoch {
        throw ExchangeError.content(
          file: table.file,
          problem: "has epoch \(first.epoch) of a run twice, in lines \(table.rows[first.row].line) and "
            + "\(table.rows[second.row].line)")
      }
      runs[run].epochs = try EpochRows(table, rows: ordered.map(\.row), epoch: epoch).records { row in
        var values = Metrics()
        for metric in metrics {
          values[MetricName(metric.name)] = try table.metric(
            row, metric.place, name: metric.name, divisor: metric.divisor)
        }
        return values
      }
    }
    let without = runs.indices.count { rows[$0] == nil }
    return (leftOut.isEmpty ? [] : ["Left out of \(table.file): \(leftOut.joined(separator: ", "))."])
      + (without == 0 ? [] : ["\(table.file) has no epoch of \(without) of \(runs.count) runs."])
  }
}
