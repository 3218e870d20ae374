import Foundation
import LabCore
import LabExchange
import LabRecords
import LabReport
import LabStore
import Testing

@Suite struct SweepImportTests {
  private func roles(_ found: SweepImport) -> [String: ImportRecord.Column.Role] {
    Dictionary(uniqueKeysWithValues: found.record.columns.map { ($0.header, $0.role) })
  }

  // MARK: Guesses

  @Test func whatIsClearIsGuessed() throws {
    let folder = try ExchangeFolder()
    let found = try folder.read(
      """
      id,conv,lr,seed,val/acc,test_loss,note,status,wall
      1,static,0.1,0,0.81,0.9,x,finished,12.5
      2,static,0.1,1,0.82,0.8,x,finished,12.25
      3,od,0.2,0,0.85,0.7,x,finished,13
      4,od,0.2,1,,0.6,x,crashed,14
      """)
    #expect(
      roles(found) == [
        "id": .leftOut, "conv": .factor, "lr": .setting, "seed": .seed, "val/acc": .metric, "test_loss": .metric,
        "note": .setting, "status": .state, "wall": .leftOut,
      ])
    #expect(found.record.metricNames == ["validation_accuracy", "test_loss"])
    let sweep = try folder.stored(found)
    #expect(sweep.variants.map(\.label) == ["baseline", "od"])
    #expect(sweep.seeds == [0, 1])
    #expect(sweep.variants[1].runs.map(\.state) == [.completed, .failed])
    #expect(sweep.variants[1].runs[1].reason == "crashed, as runs.csv tells")
    #expect(sweep.variants[0].runs[1].metrics == ["validation_accuracy": 0.82, "test_loss": 0.8])
    #expect(sweep.variants[1].configuration?[path: "settings.lr"] == .number(0.2))
    #expect(sweep.variants[1].configuration?[path: "imported.file"] == "runs.csv")
  }

  @Test func columnsAreWhatTheUserSays() throws {
    let folder = try ExchangeFolder()
    let found = try folder.read(
      "a;width;s;acc;bleu\nx;16;7.0;81.5;20\nx;32;7.0;82.5;21\ny;16;7.0;83.5;22\n",
      .init(
        factors: ["model=a", "width"], seed: "s", metrics: ["test_accuracy=acc%", "bleu"], baseline: ["model=y"],
        better: ["bleu=higher"]))
    let sweep = try folder.stored(found)
    #expect(sweep.factors.map(\.name) == ["model", "width"])
    #expect(sweep.variants.map(\.label) == ["x", "x + width=32", "baseline"])
    #expect(sweep.seeds == [7])
    #expect(sweep.variants[2].runs[0].metrics["test_accuracy"] == 0.835)
    #expect(sweep.imported?.directions == ["bleu": .higherIsBetter])
    let table = try SweepTables.table(sweep, options: .init(metrics: ["bleu"])).rendered(
      as: TableFormats.named("markdown"))
    #expect(table.contains("higher is better"))
    #expect(found.record.columns.first { $0.name == "test_accuracy" }?.divisor == 100)
  }

  @Test func cellsWithoutARowAreMissing() throws {
    let folder = try ExchangeFolder()
    let found = try folder.read("conv,seed,test_accuracy\na,0,0.5\na,1,0.6\nb,1,0.7\n")
    #expect(found.remarks.contains("Of 4 cells (variants × seeds), 1 have no row, and are missing."))
    let sweep = try folder.stored(found)
    #expect(sweep.variants[1].runs.map(\.seed) == [1])
    #expect(RunTally(sweep.variants[1], seeds: sweep.seeds).problems == ["1 missing (seed 0)"])
  }

  @Test func rowsOfEpochsBecomeCourses() throws {
    let folder = try ExchangeFolder()
    let found = try folder.read(
      """
      conv,seed,step,train/loss,test/acc,learning_rate
      a,0,200,0.5,0.6,0.05
      a,0,100,0.9,0.5,0.1
      b,0,100,0.8,0.55,0.1
      b,0,200,0.4,0.7,0.05
      """)
    let sweep = try folder.stored(found)
    let store = try folder.store()
    let epochs = try store.epochs(of: sweep.variants[0].runs[0].identity)
    #expect(epochs.map(\.epoch) == [0, 1])
    #expect(epochs.map { $0.metrics["step"] } == [100, 200])
    #expect(epochs.map { $0.metrics["train_loss"] } == [0.9, 0.5])
    #expect(epochs.allSatisfy { !$0.timing.isMeasured && $0.namedMetrics["train_seconds"] == nil })
    #expect(sweep.variants.map { $0.runs[0].metrics["test_accuracy"] } == [0.6, 0.7])
    #expect(sweep.variants.allSatisfy { $0.runs[0].trainSeconds == nil && $0.runs[0].completedEpochs == 2 })
  }

  // MARK: Dialects

  /// Written by MLflow itself: see the script beside the file.
  @Test func runsOfMLflow() throws {
    let folder = try ExchangeFolder()
    let format = try ImportFormats.named("mlflow-csv")
    let missing = #expect(throws: ExchangeError.self) {
      try SweepImport(fixture("mlflow-runs.csv"), format: format)
    }
    #expect(missing.map { "\($0)" }?.contains("--better wer=higher, lower or neither") ?? false)
    let found = try SweepImport(fixture("mlflow-runs.csv"), format: format, options: .init(better: ["lower"]))
    let sweep = try folder.stored(found)
    #expect(sweep.factors == [Factor(name: "optimizer", levels: ["sgd", "adam"])])
    #expect(sweep.seeds == [0, 1, 2])
    #expect(sweep.variants[1].runs.map { $0.metrics["test_accuracy"] } == [0.84, 0.85, 0.83])
    #expect(sweep.variants[1].runs[0].metrics["validation_loss"] == 0.16000000000000003)
    #expect(sweep.imported?.directions == ["wer": .lowerIsBetter])
    #expect(roles(found)["tags.mlflow.user"] == .leftOut && roles(found)["params.epochs"] == .setting)
  }

  @Test func runsOfWeightsAndBiases() throws {
    let folder = try ExchangeFolder()
    let found = try folder.read(
      """
      "Name","ID","State","Notes","User","Tags","Created","Runtime","Sweep","optimizer","seed","lr","_step","test/acc","val/loss"
      "calm-1","a1","finished","-","me","","2025-01-01T00:00:00.000Z","12","","sgd","0","0.1","99","0.81","0.5"
      "calm-2","a2","finished","-","me","","2025-01-01T00:00:00.000Z","12","","sgd","1","0.1","99","0.83","0.4"
      "calm-3","a3","crashed","-","me","","2025-01-01T00:00:00.000Z","12","","adam","0","0.1","10","0.2","3"
      "calm-4","a4","finished","-","me","","2025-01-01T00:00:00.000Z","12","","adam","1","0.1","99","0.85","NaN"
      """, format: "wandb-csv")
    let sweep = try folder.stored(found)
    #expect(sweep.factors.map(\.name) == ["optimizer"])
    #expect(sweep.variants[1].runs.map(\.state) == [.failed, .completed])
    #expect(sweep.variants[1].runs[1].metrics == ["test_accuracy": 0.85])
    #expect(["Name", "ID", "Created", "Runtime", "_step"].allSatisfy { roles(found)[$0] == .leftOut })
    #expect(roles(found)["lr"] == .setting)
  }

  // MARK: Mistakes

  @Test(arguments: [
    ("a,seed,test_accuracy\n", nil, "runs.csv has column names and no row below them"),
    (
      "a,seed,test_accuracy\nx,0,0.5\ny,0,abc\n", nil,
      "runs.csv, line 3, column \"test_accuracy\": expected a number, found \"abc\""
    ),
    (
      "a,seed,test_accuracy\nx,0,0.5\ny,-1,0.5\n", nil,
      "runs.csv, line 3, column \"seed\": expected a whole number from 0 on, found \"-1\""
    ),
    (
      "a,seed,test_accuracy\nx,0,81\ny,0,82\n", nil,
      "expected test_accuracy from 0 to 1 (where the column is in percent: --metrics test_accuracy=test_accuracy%)"
    ),
    (
      "a,seed,test_accuracy\nx,0,0.5\nx,0,0.6\ny,0,0.5\n", nil, "two rows of the same levels and seed, in lines 2 and 3"
    ),
    ("a,test_accuracy\nx,0.5\ny,0.6\n", nil, "runs.csv has no column \"seed\""),
    ("a,seed,test_accuracy\nx,0,0.5\nx,1,0.6\n", nil, "which could be a factor"),
    ("a,seed,bleu\nx,0,0.5\ny,1,0.6\n", nil, "has no column that is known as a metric"),
    ("a,seed,test_accuracy\nx,0,0.5\ny,0,0.6\n", "a=z", "a has no level \"z\""),
    ("a,seed,state,test_accuracy\nx,0,odd,0.5\ny,0,done,0.6\n", nil, "line 2, column \"state\": expected a state"),
    (
      "a,seed,epoch,test_accuracy\nx,0,1,0.5\nx,0,1,0.6\ny,0,1,0.5\n", nil,
      "has epoch 1 of a run twice, in lines 2 and 3"
    ),
  ]) func aMistakeSaysWhereAndWhatWasExpected(text: String, baseline: String?, message: String) throws {
    let folder = try ExchangeFolder()
    let error = #expect(throws: ExchangeError.self) {
      try folder.read(text, .init(baseline: baseline.map { [$0] } ?? []))
    }
    #expect(error.map { "\($0)" }?.contains(message) ?? false, "\(String(describing: error))")
  }

  @Test func optionsThatSayNothingAreErrors() throws {
    let folder = try ExchangeFolder()
    let text = "a,seed,test_accuracy\nx,0,0.5\ny,0,0.6\n"
    let cases: [(ImportOptions, String)] = [
      (.init(better: ["higher"]), "--better higher has no effect"),
      (.init(better: ["test_accuracy=lower"]), "--better cannot change it"),
      (.init(seed: "sed"), "--seed names the column \"sed\""),
      (.init(factors: ["a"], metrics: ["a"]), "was named twice"), (.init(name: "a b"), "is no name of a sweep"),
    ]
    for (options, message) in cases {
      let error = #expect(throws: ExchangeError.self) { try folder.read(text, options) }
      #expect(error.map { "\($0)" }?.contains(message) ?? false, "\(String(describing: error))")
    }
  }
}
