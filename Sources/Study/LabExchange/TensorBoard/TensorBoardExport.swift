import Foundation
import LabCore
import LabRecords

/// Event files that TensorBoard shows: a folder a run, scalars by epoch, settings and results in its table of
/// hyperparameters, and confusions as a picture.
struct TensorBoardExport: ExportFormat {
  let name = "tensorboard"
  let summary = "event files for TensorBoard, a folder a run; numbers are in single precision there"

  func export(_ results: ExportedResults, to destination: String, options: ExportOptions) throws -> [String] {
    let sweep = results.sweep
    let start = sweep.createdAt?.timeIntervalSince1970 ?? 0
    var folders = RunFolders()
    var count = 0
    var without = 0
    let tags = Set(sweep.runs.flatMap { $0.metrics.names.map(\.key) }).sorted()
    let experiment = HyperparameterEvents.experiment(
      name: sweep.name, factors: sweep.factors.map { ($0.name, $0.levels) } + [("seed", sweep.seeds.map(String.init))],
      metrics: tags.map { ("final/\($0)", $0) }, time: start)
    try write(
      [Event.record(.fileVersion, time: start, step: 0), Event.record(experiment, time: start, step: 0)],
      to: destination, start: start)
    for cell in sweep.cells {
      guard cell.run.state != .pending else {
        without += 1
        continue
      }
      let events = TensorBoardRun(
        cell, epochs: try results.epochs(cell.run.identity), final: try results.final(cell.run.identity), start: start)
      try write(events.records, to: "\(destination)/\(folders.path(of: cell))", start: start)
      count += 1
    }
    return ["\(destination): \(count) runs; tensorboard --logdir \(destination)"]
      + (without == 0 ? [] : ["\(without) runs have not begun, and are left out."])
  }

  private func write(_ records: [Data], to folder: String, start: Double) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      let code = (error as NSError).userInfo[NSUnderlyingErrorKey].flatMap { ($0 as? NSError)?.code }
      throw FileError(action: "create the folder", path: folder, code: code.map { Int32($0) } ?? EEXIST)
    }
    // The name is the same each time, so that a later export takes an earlier one's place.
    try AtomicFile.write(
      records.reduce(into: Data()) { $0.append($1) }, to: "\(folder)/events.out.tfevents.\(Int(start)).labrun")
  }
}

/// Where the runs of a sweep lie: `VARIANT/seed-N`.
struct RunFolders {
  private var owners: [String: String] = [:]

  init() {}

  /// The folder of a run, with every variant's name made fit for a file system.
  mutating func path(of cell: Cell) -> String {
    let label = cell.variant.label
    var name = String(label.map { $0 == "/" || $0 == "\\" || $0.isNewline || $0 == "\0" ? "-" : $0 })
    if name.isEmpty || name.hasPrefix(".") { name = "-" + name }
    var (unique, count) = (name, 1)
    while owners[unique, default: label] != label {
      count += 1
      unique = "\(name) (\(count))"
    }
    owners[unique] = label
    return "\(unique)/seed-\(cell.run.seed)"
  }
}

/// The events of a run.
struct TensorBoardRun {
  /// The records of its event file.
  let records: [Data]

  /// - Parameter start: when the sweep began, in seconds since 1970; epochs follow by the time that they took.
  init(_ cell: Cell, epochs: [EpochRecord], final: FinalRecord?, start: Double) {
    var records = [Event.record(.fileVersion, time: start, step: 0)]
    records.append(Event.record(TensorBoardRun.start(of: cell, time: start), time: start, step: 0))
    var time = start
    for epoch in epochs {
      time += epoch.timing.trainSeconds + epoch.timing.evaluationSeconds
      records += TensorBoardRun.records(of: epoch, time: time)
    }
    records += TensorBoardRun.end(cell.run.state, final: final, step: epochs.count, time: time)
    self.records = records
  }

  /// What is known of a run before its first epoch.
  static func start(of cell: Cell, time: Double) -> Event.Content {
    let levels = cell.variant.levels.sorted { $0.key < $1.key }.map {
      (name: $0.key, value: JSONValue.string($0.value))
    }
    let seed = (name: "seed", value: Int(exactly: cell.run.seed).map(JSONValue.integer) ?? .string("\(cell.run.seed)"))
    return HyperparameterEvents.start(levels + [seed], group: cell.variant.label, time: time)
  }

  /// The scalars of an epoch, which counts from 1.
  static func records(of epoch: EpochRecord, time: Double) -> [Data] {
    epoch.namedMetrics.map { name, value in
      Event.record(.scalar(tag: tag(name), value: value), time: time, step: epoch.epoch + 1)
    }
  }

  /// What is known of a run when it has ended.
  static func end(_ state: RunState, final: FinalRecord?, step: Int, time: Double) -> [Data] {
    var records: [Data] = []
    if let final {
      records += final.metrics.map { name, value in
        Event.record(.scalar(tag: "final/\(name.key)", value: value), time: time, step: step)
      }
      if let image = final.confusion.flatMap(ConfusionImage.init) {
        records.append(
          Event.record(
            .image(tag: "confusion", png: image.png, width: image.size, height: image.size), time: time, step: step))
      }
    }
    if state.isTerminal {
      let end = HyperparameterEvents.end(isSuccess: state == .completed, time: time)
      records.append(Event.record(end, time: time, step: step))
    }
    return records
  }

  /// A metric as TensorBoard groups it: by the split.
  private static func tag(_ name: MetricName) -> String { name.split.map { "\($0)/\(name.base)" } ?? name.key }
}
