import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// Programs that report by what they write for TensorBoard into their folder.
///
/// The event files are of tensorboardX; `Fixtures/write_events.py` has written them.
@Suite struct TensorBoardReportTests {
  private static let events = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Fixtures/events").path

  /// A study of one run of a script, in which `$1` and `$2` are the event files and `$3` is the run's folder.
  private func study(
    _ script: String, metrics: String = #""validation_top_accuracy": { "better": "higher" }"#, execution: String = ""
  ) throws -> Labrun {
    let labrun = try Labrun()
    try labrun.write("set -e\n" + script + "\n", to: "Experiments/train.sh")
    try labrun.write(
      """
      { "name": "mine",
        "program": {
          "command": ["sh", "train.sh", "\(Self.events)/first", "\(Self.events)/second", "{folder}"],
          "metrics": { \(metrics) }
        },
        "parameters": {}, "seeds": [7], "execution": { "retries": 0\(execution) } }
      """, to: "Experiments/mine.json")
    return labrun
  }

  private func store(_ labrun: Labrun) throws -> StudyStore {
    try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
  }

  private func run(_ labrun: Labrun) throws -> Run { try #require(try store(labrun).sweep(1).runs.first) }

  private func course(_ labrun: Labrun, _ metric: MetricName) throws -> [String] {
    try store(labrun).epochs(of: run(labrun).identity).map { "\($0.epoch + 1): \($0.metrics[metric] ?? -1)" }
  }

  private func log(_ labrun: Labrun) throws -> [String] {
    try store(labrun).events(of: run(labrun).identity).map(\.message)
  }

  @Test func scalarsAreEpochsAndTheLastOnesCount() throws {
    let labrun = try study(#"mkdir -p "$3/logs"; cp "$1" "$3/logs/events.out.tfevents.1.host""#)
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 0, "\(sweep.errors)")
    #expect(try course(labrun, "validation_top_accuracy") == ["1: 0.5", "2: 0.5625", "3: 0.625"])
    #expect(try course(labrun, "train_loss") == ["1: 1.0", "2: 0.5", "3: 0.33333334"])
    #expect(try course(labrun, "grad_norm") == ["1: 0.0", "2: nan", "3: 2.0"])
    let run = try run(labrun)
    #expect(run.metrics["validation_top_accuracy"] == 0.625 && run.metrics["train_loss"] == 0.33333334)
    #expect(run.metrics["epoch"] == nil && run.metrics["note"] == nil)
    let log = try log(labrun)
    for tag in ["epoch", "5xx"] {
      let note = "TensorBoard's files have the tag \(tag), which cannot be the name of a metric; it is left out"
      #expect(log.count { $0 == note } == 1, "\(log)")
    }
    #expect(try labrun.run("doctor", "--check").status == 0)
  }

  /// A file that grows is read as it grows, to the last byte that belongs to a whole record.
  @Test func aFileIsReadWhileItGrows() throws {
    let labrun = try study(
      """
      f="$3/events.out.tfevents.1"
      for n in 300 600 900; do head -c $n "$1" > "$f.part"; mv "$f.part" "$f"; sleep 2.2; done
      cp "$LABRUN_CAPSULE/events.jsonl" "$3/seen.jsonl"
      """)
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 0, "\(sweep.errors)")
    // The end of the file is missing, and with it what was written last.
    #expect(try course(labrun, "validation_top_accuracy") == ["1: 0.5", "2: 0.5625", "3: 0.625"])
    #expect(
      try log(labrun).contains("TensorBoard's file events.out.tfevents.1 ends within a record, which is left out"))
    let folder = labrun.folder.appendingPathComponent("Results/runs/\(try run(labrun).identity.short)/program").path
    let seen = try String(contentsOfFile: "\(folder)/seen.jsonl", encoding: .utf8)
    #expect(seen.contains("\"event\":\"epoch\""), "\(seen)")
  }

  /// Goes on from its checkpoint: what comes twice counts once, the later one.
  @Test func anAttemptThatGoesOnTakesThePlaceOfTheOneBefore() throws {
    let labrun = try study(
      """
      if [ -e "$3/checkpoint" ]; then cp "$2" "$3/events.out.tfevents.0"; exit 0; fi
      cp "$1" "$3/events.out.tfevents.1"; touch "$3/checkpoint"; exit 75
      """)
    defer { labrun.remove() }
    #expect(try labrun.run("sweep", "mine").status != 0)
    #expect(try course(labrun, "validation_top_accuracy") == ["1: 0.5", "2: 0.5625", "3: 0.625"])
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 0, "\(sweep.errors)")
    #expect(
      try course(labrun, "validation_top_accuracy") == ["1: 0.5", "2: 0.5625", "3: 0.75", "4: 0.8125", "5: 0.875"])
    #expect(try run(labrun).metrics["validation_top_accuracy"] == 0.875)
  }

  /// Without a checkpoint, the program begins anew, and what an earlier attempt has written counts no more.
  @Test func whatAnEarlierAttemptHasWrittenDoesNotCount() throws {
    let labrun = try study(
      """
      if [ -e "$3/done" ]; then echo '{"epoch": 1, "train_loss": 0.125}'; exit 0; fi
      cp "$1" "$3/events.out.tfevents.1"; touch "$3/done"; exit 75
      """)
    defer { labrun.remove() }
    #expect(try labrun.run("sweep", "mine").status != 0)
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 1)
    let reason = try run(labrun).reason ?? ""
    #expect(reason.hasPrefix("its program ended without having reported validation_top_accuracy;"), "\(reason)")
    #expect(try course(labrun, "train_loss") == ["1: 0.125"])
  }

  @Test func aSpecMayNameTags() throws {
    let labrun = try study(
      #"cp "$1" "$3/events.out.tfevents.1""#,
      metrics:
        #""test_accuracy": { "better": "higher", "tag": "val/topAccuracy" }, "bleu": { "better": "higher", "tag": "5xx" }"#
    )
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 0, "\(sweep.errors)")
    let run = try run(labrun)
    #expect(run.metrics["test_accuracy"] == 0.625 && run.metrics["bleu"] == 2)
    #expect(run.metrics["validation_top_accuracy"] == nil)
  }

  @Test func whatIsMissingIsSaidWithWhatIsThere() throws {
    let labrun = try study(
      #"cp "$1" "$3/events.out.tfevents.1""#, metrics: #""test_accuracy": { "better": "higher" }"#)
    defer { labrun.remove() }
    #expect(try labrun.run("sweep", "mine").status == 1)
    #expect(
      try run(labrun).reason
        == "its program ended without having reported test_accuracy (TensorBoard's files have grad_norm (grad-norm), "
        + "train_loss (Loss/train), validation_top_accuracy (val/topAccuracy))")
  }

  /// What the program says itself counts, whenever it says it.
  @Test func linesCountBeforeTensorBoard() throws {
    let labrun = try study(
      """
      echo '{"epoch": 2, "train_loss": 0.25}'
      cp "$1" "$3/events.out.tfevents.1"; sleep 2.5
      echo '{"validation_top_accuracy": 0.75}'
      """)
    defer { labrun.remove() }
    #expect(try labrun.run("sweep", "mine").status == 0)
    #expect(try run(labrun).metrics["validation_top_accuracy"] == 0.75)
    #expect(try course(labrun, "train_loss") == ["1: -1.0", "2: 0.25", "3: -1.0"])
  }

  @Test func aDamagedFileFailsTheRun() throws {
    let labrun = try study(
      #"{ head -c 500 "$1"; printf 'damage'; tail -c +507 "$1"; } > "$3/events.out.tfevents.1""#)
    defer { labrun.remove() }
    #expect(try labrun.run("sweep", "mine").status == 1)
    let reason = try #require(try run(labrun).reason)
    #expect(reason.contains("events.out.tfevents.1") && reason.contains("a wrong checksum"), "\(reason)")
  }

  /// The splits that folders are called by make names of their own; the same tag in other folders is one metric.
  @Test func foldersMayNameSplits() throws {
    let labrun = try study(
      """
      mkdir -p "$3/train" "$3/version_0" "$3/version_1"
      cp "$1" "$3/train/events.out.tfevents.1"
      cp "$1" "$3/version_0/events.out.tfevents.1"; cp "$2" "$3/version_1/events.out.tfevents.1"
      """)
    defer { labrun.remove() }
    #expect(try labrun.run("sweep", "mine").status == 0)
    #expect(try run(labrun).metrics["validation_top_accuracy"] == 0.875)
    #expect(try run(labrun).metrics["train_grad_norm"] == 2 && run(labrun).metrics["grad_norm"] == 4)
  }

  /// What labrun writes itself for TensorBoard, it reads as well.
  @Test func ownEventFilesAreRead() throws {
    let labrun = try study(
      #"cp $(find ../Results/tensorboard -name '*tfevents*') "$3/""#,
      metrics: #""test_accuracy": { "better": "higher" }"#)
    defer { labrun.remove() }
    try labrun.write(
      Labrun.spec().replacing("\"workers\": 2", with: "\"workers\": 2, \"tensorboard\": true"),
      to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny", "--only", "conv=static").status == 0)
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 0, "\(sweep.errors)")
    let store = try store(labrun)
    let (own, program) = (
      try #require(store.sweep(1).runs.first { $0.state == .completed }), try #require(store.sweep(2).runs.first)
    )
    let losses = try (store.epochs(of: own.identity), store.epochs(of: program.identity))
    #expect(
      losses.0.map { $0.metrics["train_loss"].map(Float.init) }
        == losses.1.map { $0.metrics["train_loss"].map(Float.init) })
    #expect(
      losses.1.count == 2
        && program.metrics["final_test_accuracy"].map(Float.init) == own.metrics["test_accuracy"].map(Float.init))
  }
}
