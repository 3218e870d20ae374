import Foundation
import LabCore
import LabExchange
import LabRecords
import LabStats
import LabStore
import LabTesting
import Synchronization
import Testing

/// The packages tensorboard and tbparse of Python, which read and write event files independently of labrun.
enum TensorBoardPython {
  static let packages = "tensorboard, tbparse"
  /// A Python that has both; nil where there is none.
  static let python = PythonPackages.interpreter(importing: packages)

  static let reason = Comment(rawValue: PythonPackages.missing(packages))

  /// Runs a script of the fixtures and returns what it printed.
  static func output(of script: String, _ argument: String) throws -> String {
    let result = try PythonPackages.run(python ?? "python3", [fixture(script), argument])
    #expect(result.status == 0, "\(script): \(result.errors.suffix(2000))")
    return result.output
  }
}

@Suite struct TensorBoardTests {
  @Test func theChecksumIsTheOneOfTheStandard() {
    // RFC 3720, B.4, and the check value of the catalog of parametrised CRC algorithms.
    #expect(CyclicRedundancyCheck.checksum(Data("123456789".utf8)) == 0xe306_9283)
    #expect(CyclicRedundancyCheck.checksum(Data(repeating: 0, count: 32)) == 0x8a91_36aa)
    #expect(CyclicRedundancyCheck.checksum(Data(repeating: 0xff, count: 32)) == 0x62a8_ab43)
  }

  private func exported(_ folder: ExchangeFolder) throws -> (sweep: Sweep, path: String) {
    let sweep = try ExchangeSample.imported(folder)
    let store = try folder.store()
    var results = ExportedResults(sweep, in: store)
    let first = sweep.runs[0].identity
    results.final = { identity in
      var final = try store.finalRecord(of: identity)
      if identity == first { final?.confusion = try ConfusionMatrix(classCount: 2, counts: [3, 1, 0, 4]) }
      return final
    }
    let path = "\(folder.path)/events"
    let written = try ExportFormats.named("tensorboard").export(results, to: path, options: .init())
    #expect(written == ["\(path): 3 runs; tensorboard --logdir \(path)"])
    return (sweep, path)
  }

  @Test(.enabled(if: TensorBoardPython.python != nil, TensorBoardPython.reason))
  func tensorBoardReadsWhatIsExported() throws {
    let folder = try ExchangeFolder()
    let (_, path) = try exported(folder)
    let read = try JSONValue(parsing: TensorBoardPython.output(of: "read_events.py", path))
    let run = try #require(read["runs"]?["baseline/seed-0"])
    let accuracy = run["scalars"]?["test/accuracy"]?.arrayValue?.compactMap(\.arrayValue) ?? []
    #expect(accuracy.map { $0[0] } == [1, 2])
    #expect(accuracy.map { $0[1].doubleValue } == [0.5, 0.625])
    // Epochs follow each other by the time that they took.
    #expect(accuracy.compactMap { $0[2].doubleValue }.reduce(0) { $1 - $0 } == 1.25)
    #expect(run["scalars"]?["final/test_accuracy"]?.arrayValue?.first?.arrayValue?.prefix(2) == [2, 0.625])
    #expect(run["scalars"]?["train_seconds"] != nil && run["scalars"]?["learning_rate"] != nil)
    #expect(run["hparams"]?["conv"] == "a" && run["hparams"]?["width"] == "16")
    #expect(run["group"] == "baseline" && run["status"] == 1)
    let image = try #require(run["images"]?["confusion"]?.arrayValue)
    #expect(image == [2, 320, 320, "89504e470d0a1a0a"])
    let experiment = read["runs"]?["."]?["experiment"]
    #expect(experiment?["name"] == "sample" && experiment?["hparams"]?["conv"] == ["a", "b"])
    #expect(experiment?["metrics"]?.arrayValue?.contains("final/test_accuracy") ?? false)
    let rows = read["tbparse"]?.arrayValue?.compactMap(\.arrayValue) ?? []
    let third = rows.filter { $0[1] == "final/test_accuracy" && $0[0].stringValue?.hasPrefix("b") ?? false }
    #expect(third.count == 2, "\(third)")
    #expect(
      rows.contains { $0[0] == "b/seed-0" && $0[1] == "test/accuracy" && $0[3].doubleValue == Double(Float(1.0 / 3)) })
  }

  @Test func whatIsExportedIsImportedInSinglePrecision() throws {
    let folder = try ExchangeFolder()
    let (sweep, path) = try exported(folder)
    let found = try SweepImport(path, format: ImportFormats.named("tensorboard"), options: .init(name: "back"))
    let store = try folder.store()
    let copy = try store.sweep(store.store(found.imported).id)
    #expect(Set(copy.factors.map(\.name)) == ["conv", "width"])
    for run in sweep.runs {
      let levels = sweep.variants.first { $0.runs.contains(run) }?.levels
      let runs = copy.variants.first { $0.levels == levels }?.runs ?? []
      let other = try #require(runs.first { $0.seed == run.seed })
      #expect(other.metrics["test_accuracy"].map { Float($0) } == run.metrics["test_accuracy"].map { Float($0) })
      let (before, after) = (try store.epochs(of: run.identity), try store.epochs(of: other.identity))
      #expect(before.map { $0.metrics["learning_rate"] } == after.map { $0.metrics["learning_rate"] })
      #expect(before.map(\.timing.trainSeconds) == after.map(\.timing.trainSeconds))
    }
  }

  @Test(.enabled(if: TensorBoardPython.python != nil, TensorBoardPython.reason))
  func eventFilesOfOtherProgramsAreImported() throws {
    let folder = try ExchangeFolder()
    let path = "\(folder.path)/logs"
    _ = try TensorBoardPython.output(of: "write_events.py", path)
    let found = try SweepImport(path, format: ImportFormats.named("tensorboard"))
    let sweep = try folder.stored(found)
    #expect(sweep.factors == [Factor(name: "optimizer", levels: ["adam", "sgd"])])
    #expect(sweep.variants.map { $0.runs.map(\.seed) } == [[0], [0, 1]])
    #expect(sweep.variants[1].runs.map { $0.metrics["test_accuracy"] } == [0.625, 0.65])
    let epochs = try folder.store().epochs(of: sweep.variants[1].runs[0].identity)
    #expect(epochs.map { $0.metrics["validation_loss"] } == [0.5, 0.375])
    #expect(sweep.variants[0].configuration?[path: "settings.nesterov"] == true)
  }

  /// A mirror writes what an export does, attempt by attempt.
  @Test(.enabled(if: TensorBoardPython.python != nil, TensorBoardPython.reason))
  func eventFilesGrowWhileARunIsTrained() throws {
    let folder = try ExchangeFolder()
    let sweep = try ExchangeSample.imported(folder)
    let cell = sweep.cells[0]
    let epochs = try folder.store().epochs(of: cell.run.identity)
    let path = "\(folder.path)/live"
    let time = Mutex(1000.0)
    let mirror = TensorBoardMirror(folder: path) {
      time.withLock { time in
        time += 1
        return time
      }
    }
    try mirror.didStart(cell, atEpoch: 0)
    for epoch in epochs { try mirror.didRecord(epoch, of: cell) }
    // The process dies, and the next attempt goes on from the end of the first epoch.
    try mirror.didStart(cell, atEpoch: 1)
    var second = epochs[1]
    second.metrics["test_accuracy"] = 0.75
    try mirror.didRecord(second, of: cell)
    try mirror.didFinish(cell, .completed(FinalRecord(metrics: ["test_accuracy": 0.75])))
    let read = try JSONValue(parsing: TensorBoardPython.output(of: "read_events.py", path))
    let run = try #require(read["runs"]?["baseline/seed-0"])
    let accuracy = run["scalars"]?["test/accuracy"]?.arrayValue?.compactMap(\.arrayValue) ?? []
    #expect(accuracy.map { Array($0.prefix(2)) } == [[1, 0.5], [2, 0.75]], "\(accuracy)")
    #expect(run["scalars"]?["final/test_accuracy"]?.arrayValue?.count == 1 && run["status"] == 1)
  }

  @Test func damagedAndForeignFilesAreErrors() throws {
    let folder = try ExchangeFolder()
    let (_, path) = try exported(folder)
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(path)/b/seed-0")
    let file = try #require(names.first.map { "\(path)/b/seed-0/\($0)" })
    var data = try Data(contentsOf: URL(fileURLWithPath: file))
    let whole = data
    data[40] ^= 1
    try data.write(to: URL(fileURLWithPath: file))
    let format = try ImportFormats.named("tensorboard")
    let damaged = #expect(throws: ExchangeError.self) { try SweepImport(path, format: format) }
    #expect(damaged.map { "\($0)" }?.contains("wrong checksum") ?? false)
    // A file that another program is still writing is read as far as it goes.
    try whole.dropLast(5).write(to: URL(fileURLWithPath: file))
    let cut = try SweepImport(path, format: format)
    #expect(cut.remarks.contains { $0.contains("ends within a record") })
    let empty = #expect(throws: ExchangeError.self) { try SweepImport("\(folder.path)/Results", format: format) }
    #expect(empty.map { "\($0)" }?.contains("has no event file") ?? false)
  }
}
