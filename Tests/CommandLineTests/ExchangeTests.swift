import Foundation
import LabCore
import Testing

/// Results of other programs, and results for them, as a user sees it.
@Suite struct ExchangeTests {
  private static let runs = """
    conv,seed,test_accuracy,time
    static,0,0.81,1
    static,1,0.82,2
    od,0,0.84,3
    od,1,0.86,4

    """

  @Test func importedRunsHaveTablesThatSayIt() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Self.runs, to: "theirs.csv")
    let trial = try labrun.run("import", "theirs.csv", "--dry-run")
    #expect(trial.status == 0 && trial.output.contains("Nothing was stored"), "\(trial.errors)")
    #expect(trial.output.contains("numbers that labrun does not know"), "\(trial.output)")
    #expect(try labrun.run("table").status == 66)
    let stored = try labrun.run("import", "theirs.csv")
    #expect(stored.status == 0 && stored.output.contains("Stored as sweep 1: labrun table theirs"), "\(stored.errors)")
    #expect(try labrun.run("import", "theirs.csv").output.contains("Stored as sweep 1"))
    let says = "labrun trained none of these runs"
    for arguments in [["table"], ["table", "--by", "conv"], ["analyze"], ["compare", "theirs", "od", "baseline"]] {
      let shown = try labrun.run(arguments)
      #expect(shown.status == 0, "\(arguments): \(shown.errors)")
      #expect(shown.output.replacing("\n", with: " ").contains(says), "\(arguments): \(shown.output)")
    }
    let page = try labrun.run("report", "--format", "markdown", "--output", "-")
    #expect(page.output.contains("imported from theirs.csv, not measured by labrun"), "\(page.errors)")
    #expect(try labrun.run("list").output.contains("imported from theirs.csv"))
    let json = try JSONValue(parsing: labrun.run("table", "--json").output)
    #expect(json[path: "imported.format"] == "csv")
    #expect(try labrun.run("doctor", "--check").status == 0)
    #expect(try labrun.run("plot", "forest").status == 0)
  }

  @Test func whatIsNotThereIsSaid() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Self.runs, to: "theirs.csv")
    #expect(try labrun.run("import", "theirs.csv").status == 0)
    let images = try labrun.run("analyze", "--images")
    #expect(images.status == 66 && images.errors.contains("no part of what was imported"), "\(images.errors)")
    let curves = try labrun.run("plot", "curves")
    #expect(curves.status == 64 && curves.errors.contains("no run has an epoch on record"), "\(curves.errors)")
    let list = try JSONValue(parsing: labrun.run("list", "theirs", "--json").output)
    let run = try #require(list["rows"]?.arrayValue?.first?["run"]?.stringValue)
    let shown = try labrun.run("show", run)
    #expect(
      shown.status == 0 && shown.output.contains("from theirs.csv; labrun did not train this run"), "\(shown.output)")
    for arguments in [["predict", run, "theirs.csv"], ["evaluate", run]] {
      let refused = try labrun.run(arguments)
      #expect(refused.status != 0 && refused.errors.contains("was imported from theirs.csv"), "\(refused.errors)")
    }
  }

  @Test func mistakesHaveStatusesAndSentences() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Self.runs, to: "theirs.csv")
    try labrun.write(Self.runs.replacing("0.86", with: "much"), to: "bad.csv")
    let cases: [([String], Int32, String)] = [
      (["import", "none.csv"], 66, "none.csv"),
      (["import", "bad.csv"], 65, "bad.csv, line 5, column \"test_accuracy\": expected a number, found \"much\""),
      (["import", "theirs.csv", "--from", "cvs"], 64, "there is no format \"cvs\""),
      (["import", "theirs.csv", "--seed", "sede"], 64, "does not have"),
      (["export", "theirs", "out", "--to", "xlsx"], 64, "there is no format \"xlsx\" to export to"),
      (["export", "theirs", "out", "--to", "wandb"], 64, "what `wandb sync` reads is not documented; use --to csv"),
      (["export", "theirs", "out", "--to", "parquet"], 64, "use --to csv, and then pandas.read_csv("),
      (
        ["export", "theirs", "mlruns", "--to", "mlflow"], 64, "such as http://localhost:5000, but \"mlruns\" was given"
      ),
      (["export", "theirs", "http://127.0.0.1:1", "--to", "mlflow"], 69, "no server answers at http://127.0.0.1:1 ("),
      (["export", "theirs", "out"], 64, "a sweep's results are written by --to"),
      (["export", "theirs", "out", "--to", "csv", "--weights", "best"], 64, "are of models"),
      (["export", "theirs", "out", "--to", "tensorboard", "--predictions"], 64, "has no place for them"),
    ]
    #expect(try labrun.run("import", "theirs.csv").status == 0)
    for (arguments, status, message) in cases {
      let result = try labrun.run(arguments)
      #expect(result.status == status && result.errors.contains(message), "\(arguments): \(result)")
    }
    try labrun.write(Self.runs.replacing("0.86", with: "0.87"), to: "other.csv")
    let taken = try labrun.run("import", "other.csv", "--name", "theirs")
    #expect(taken.status == 64 && taken.errors.contains("has other content than this import"), "\(taken.errors)")
  }

  @Test func trainedRunsAreExportedWithAllThatIsKnown() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let spec = Labrun.spec(name: "tiny", epochs: 2, seeds: "[0, 1]")
      .replacing("\"workers\": 2", with: "\"workers\": 2, \"tensorboard\": true")
    try labrun.write(spec, to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let exported = try labrun.run("export", "tiny", "out", "--to", "csv", "--predictions")
    #expect(exported.status == 0, "\(exported.errors)")
    #expect(exported.output.contains("out/runs.csv: 4 runs") && exported.output.contains("out/epochs.csv: 8 epochs"))
    #expect(exported.output.contains("out/predictions.csv: 344 predictions"), "\(exported.output)")
    let imported = try labrun.run("import", "out/runs.csv", "--epochs", "out/epochs.csv", "--name", "copy")
    #expect(imported.status == 0, "\(imported.errors)")
    let tables = try ["tiny", "copy"].map { name in
      try JSONValue(parsing: labrun.run("table", name, "--json", "--metric", "test_log_loss").output)["rows"]
    }
    #expect(tables[0] != nil && tables[0] == tables[1])
    // Event files grew while the runs were trained, since the spec says so.
    let folders = FileManager.default.enumerator(atPath: labrun.folder.path + "/Results/tensorboard/tiny-1")
    let names = folders?.compactMap { $0 as? String }.filter { $0.contains("tfevents") } ?? []
    #expect(names.count == 4 && names.contains { $0.hasPrefix("odconv-1x/seed-1/") }, "\(names)")
    let live = try labrun.run("import", "Results/tensorboard/tiny-1", "--from", "tensorboard", "--name", "live")
    #expect(live.status == 0 && live.output.contains("4 runs, up to 2 epochs a run"), "\(live.errors)\(live.output)")
    #expect(try labrun.run("plot", "curves", "copy", "--output", "curves.svg").status == 0)
    let events = try labrun.run("export", "tiny", "events", "--to", "tensorboard")
    #expect(events.status == 0 && events.output.contains("events: 4 runs"), "\(events.errors)")
  }

  /// A server that is away is one warning, and one sentence in the end that says what to do.
  @Test func aSweepWhoseServerIsAwayIsTrained() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let spec = Labrun.spec(name: "tiny", epochs: 1, seeds: "[0]")
    func naming(_ address: String) -> String {
      spec.replacing("\"workers\": 2", with: "\"workers\": 2, \"mlflow\": \"\(address)\"")
    }
    for (address, part) in [
      ("localhost:5000", "execution.mlflow: expected the address of an MLflow server"),
      ("http://me:secret@localhost:5000", "execution.mlflow: expected an address without a name and a password"),
    ] {
      try labrun.write(naming(address), to: "Experiments/tiny.json")
      let refused = try labrun.run("sweep", "tiny")
      #expect(refused.status == 65 && refused.errors.contains(part), "\(refused)")
      #expect(!refused.errors.contains("secret"))
    }
    try labrun.write(naming("http://127.0.0.1:1/"), to: "Experiments/tiny.json")
    let result = try labrun.run("sweep", "tiny")
    #expect(result.status == 0 && result.output.contains("odconv-1x"), "\(result)")
    #expect(result.errors.split(separator: "no server answers at http://127.0.0.1:1 (").count == 2, "\(result.errors)")
    #expect(
      result.errors.contains(
        "http://127.0.0.1:1 does not have all of 2 runs; what is missing is sent by: "
          + "labrun export tiny http://127.0.0.1:1 --to mlflow"), "\(result.errors)")
    // Another server, or none, trains nothing anew.
    try labrun.write(spec, to: "Experiments/tiny.json")
    let again = try labrun.run("sweep", "tiny")
    #expect(again.status == 0 && again.errors.contains("2 reused"), "\(again.errors)")
  }
}
