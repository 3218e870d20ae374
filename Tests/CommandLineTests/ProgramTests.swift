import Foundation
import LabCore
import LabRecords
import LabStore
import LabStudy
import LabTesting
import Testing

/// Somebody's program in place of labrun's own engine; here a shell script, which needs nothing installed.
@Suite(.serialized) struct ProgramTests {
  /// A study of a program in a folder of its own.
  private func study(
    _ script: String, command: String = #"["sh", "train.sh", "{lr}", "{seed}"]"#,
    program: String =
      #""metrics": { "test_accuracy": { "better": "higher", "unit": "%" } }, "pattern": "acc: {test_accuracy}""#,
    seeds: Int = 3, execution: String = #""workers": 2"#
  ) throws -> Labrun {
    let labrun = try Labrun()
    try labrun.write(script, to: "Experiments/train.sh")
    try labrun.write(
      """
      { "name": "mine",
        "program": { "command": \(command), "sources": ["train.sh"], \(program) },
        "parameters": { "lr": 0.1 },
        "factors": { "lr": [0.1, 0.2, 0.4] }, "baseline": { "lr": 0.1 }, "seeds": \(seeds),
        "execution": { \(execution) } }
      """, to: "Experiments/mine.json")
    return labrun
  }

  private func store(_ labrun: Labrun) throws -> StudyStore {
    try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
  }

  @Test func whatAScriptPrintsBecomesATable() throws {
    let labrun = try study("echo \"rate $1, seed $2\"\necho \"test acc: 9$2.5\"\n")
    defer { labrun.remove() }
    let plan = try labrun.run("sweep", "mine", "--dry-run")
    #expect(plan.status == 0 && plan.output.contains("9 runs: 9 to run"), "\(plan.errors)\(plan.output)")
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 0, "\(sweep.errors)")
    #expect(sweep.output.contains("91.50 ± 1.00"), "\(sweep.output)")
    // People see no columns of what nobody knows; files keep theirs.
    for title in ["params", "multiply", "train", "images/s", "memory"] {
      #expect(!sweep.output.contains(title) && !plan.output.contains(title), "\(title): \(sweep.output)\(plan.output)")
    }
    #expect(try labrun.run("table", "mine", "--format", "csv").output.contains("images_per_second"))
    #expect(sweep.errors.contains("9 of 9 runs completed (9 trained)"))
    #expect(try labrun.run("sweep", "mine").errors.contains("(9 reused)"))
    let examined = try labrun.run("doctor", "--check")
    #expect(examined.status == 0, "\(examined.output)")
    // What it printed stays with the run.
    let run = try #require(try store(labrun).sweep(1).runs.first)
    let log = try labrun.run("show", run.identity.short, "--log")
    #expect(log.status == 0 && log.output.contains("rate 0.1, seed 0\ntest acc: 90.5\n"), "\(log.output)\(log.errors)")
    // The program is part of what a run is.
    try labrun.write("echo \"test acc: 50\"\n", to: "Experiments/train.sh")
    #expect(try labrun.run("sweep", "mine", "--dry-run").output.contains("9 runs: 9 to run"))
  }

  /// The example of a script that knows nothing of labrun, as its guide has it.
  @Test(.enabled(if: PythonPackages.interpreter(importing: "random") != nil, "Python is not installed"))
  func theExampleOfAPlainScriptRuns() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..").standardized
    try FileManager.default.copyItem(
      at: root.appendingPathComponent("Examples/plain-script"), to: labrun.folder.appendingPathComponent("plain-script")
    )
    let sweep = try labrun.run("sweep", "plain-script/experiment.json")
    #expect(sweep.status == 0 && sweep.errors.contains("15 of 15 runs completed"), "\(sweep.errors)")
    #expect(try labrun.run("analyze", "rings").output.contains("Better than baseline: squares ("))
    // The guide shows this very spec.
    let guide = try String(contentsOf: root.appendingPathComponent("Documentation/Programs.md"), encoding: .utf8)
    let shown = try #require(guide.firstMatch(of: /```jsonc\n((?:.|\n)*?)```/)).1
    var spec = try #require(SpecSource(path: "experiment.json", text: String(shown)).parse().value?.json)
    let file = labrun.folder.appendingPathComponent("plain-script/experiment.json")
    var own = try #require(
      SpecSource(path: "experiment.json", text: String(contentsOf: file, encoding: .utf8)).parse().value?.json)
    (spec["description"], own["description"]) = (nil, nil)
    #expect(spec == own)
  }

  @Test func reportsAreLinesOfJSON() throws {
    let labrun = try study(
      """
      echo '{"epoch": 5, "validation_accuracy": 0.5}'
      echo '{"epoch": 10, "validation_accuracy": 0.6, "train_loss": NaN}' >> "$LABRUN_CAPSULE/reports.jsonl"
      echo '{"message": "half of it is done"}' >> "$LABRUN_CAPSULE/reports.jsonl"
      echo "{\\"test_accuracy\\": 0.$2$2, \\"bleu\\": $2}"
      """, program: #""metrics": { "test_accuracy": { "better": "higher" }, "bleu": { "better": "higher" } }"#)
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 0, "\(sweep.errors)")
    let run = try #require(try store(labrun).sweep(1).runs.last)
    let epochs = try store(labrun).epochs(of: run.identity)
    #expect(epochs.map(\.epoch) == [4, 9])
    // Their time is that between reports; of steps, nobody knows.
    #expect(epochs.allSatisfy { (0..<60).contains($0.timing.trainSeconds) } && epochs[0].timing.trainSeconds > 0)
    #expect(run.trainSeconds.map { $0 > 0 } == true && run.imagesPerSecond == nil)
    #expect(sweep.output.contains("time") && !sweep.output.contains("images/s"), "\(sweep.output)")
    #expect(run.metrics["test_accuracy"] == 0.22 && run.metrics["bleu"] == 2)
    #expect(try store(labrun).events(of: run.identity).contains { $0.message == "half of it is done" })
    #expect(try labrun.run("doctor", "--check").status == 0)
    let table = try labrun.run("table", "--metric", "bleu")
    #expect(table.status == 0 && table.output.contains("bleu"), "\(table.errors)")
    #expect(try labrun.run("report", "mine").status == 0)
  }

  @Test func failuresHaveTheirReasons() throws {
    let labrun = try study(
      """
      case $2 in
        0) echo 'no such file: data.h5' >&2; exit 3;;
        1) echo '{"epoch": "one"}' >> "$LABRUN_CAPSULE/reports.jsonl"; sleep 60;;
        2) echo 'all is well';;
      esac
      """)
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine", "--only", "lr=0.1")
    #expect(sweep.status == 1)
    let reasons = try store(labrun).sweep(1).variants[0].runs.map { $0.reason ?? "" }
    #expect(reasons[0] == "its program ended early, with status 3; it said last: no such file: data.h5", "\(reasons)")
    #expect(reasons[1].contains("reports.jsonl, line 1: \"epoch\": expected a whole number from 1"), "\(reasons)")
    #expect(
      reasons[2] == "its program ended without having reported test_accuracy; it said last: all is well", "\(reasons)")
  }

  /// What a program has left belongs to its run: it goes with it, and is taken along.
  @Test func whatAProgramLeavesBelongsToItsRun() throws {
    let labrun = try study(
      """
      [ -e "$LABRUN_FOLDER/checkpoint" ] && echo 'goes on' || echo 'begins anew'
      echo $2 > "$LABRUN_FOLDER/checkpoint"; mkdir -p "$LABRUN_FOLDER/logs"; echo x > "$LABRUN_FOLDER/logs/a"
      ln -sf a "$LABRUN_FOLDER/logs/link"
      echo "acc: 50"
      """, seeds: 1)
    defer { labrun.remove() }
    let lr = ["--only", "lr=0.1"]
    #expect(try labrun.run(["sweep", "mine"] + lr).status == 0)
    let fresh = try labrun.run(["sweep", "mine", "--fresh"] + lr)
    #expect(fresh.status == 0 && fresh.errors.contains("1 of 3 runs completed (1 trained)"), "\(fresh.errors)")
    let run = try #require(try store(labrun).sweep(1).runs.first { $0.state == .completed })
    #expect(try labrun.run("show", run.identity.short, "--log").output == "begins anew\nacc: 50\n")

    let export = try labrun.run("export", "mine", "mine.tar")
    #expect(
      export.status == 0 && (export.output + export.errors).contains("logs/link, which is no file"),
      "\(export.output)\(export.errors)")
    #expect(try labrun.run("merge", "mine.tar", "--results", "Other").status == 0)
    let other = labrun.folder.appendingPathComponent("Other/runs/\(run.identity.short)").path
    #expect(
      try FileManager.default.subpathsOfDirectory(atPath: other).sorted() == [
        "output-2.txt", "program", "program/checkpoint", "program/logs", "program/logs/a",
      ])
    #expect(try labrun.run("doctor", "--check", "--results", "Other").status == 0)
    #expect(try labrun.run("merge", "mine.tar", "--results", "Other").output.contains("othing new"))

    let removed = try labrun.run("remove", run.identity.short, "--yes")
    #expect(removed.status == 0 && !removed.output.contains("stays"), "\(removed.output)")
    #expect(
      !FileManager.default.fileExists(
        atPath: labrun.folder.appendingPathComponent("Results/runs/\(run.identity.short)").path))
  }

  /// Stopped, killed or out of time, a program goes on from its own checkpoint.
  @Test func aProgramGoesOnFromItsCheckpoint() throws {
    let labrun = try study(
      """
      count=0
      [ -e "$LABRUN_FOLDER/checkpoint" ] && count=$(cat "$LABRUN_FOLDER/checkpoint")
      trap 'exit 75' TERM
      while [ $count -lt 40 ]; do
        count=$((count + 1))
        echo "{\\"epoch\\": $count, \\"count\\": $count}" >> "$LABRUN_CAPSULE/reports.jsonl"
        echo $count > "$LABRUN_FOLDER/checkpoint.new"; mv "$LABRUN_FOLDER/checkpoint.new" "$LABRUN_FOLDER/checkpoint"
        sleep 0.1
      done
      echo "acc: 50"
      """, seeds: 1)
    defer { labrun.remove() }
    for (index, signal) in [SIGINT, SIGKILL, SIGTERM].enumerated() {
      let started = try labrun.start(["sweep", "mine"])
      Thread.sleep(forTimeInterval: 2)
      kill(started.process.processIdentifier, signal)
      _ = started.errors.fileHandleForReading.readDataToEndOfFile()
      started.process.waitUntilExit()
      if signal != SIGKILL { #expect(started.process.terminationStatus == 130, "\(index)") }
    }
    let last = try labrun.run("sweep", "mine")
    #expect(last.status == 0, "\(last.errors)")
    let runs = try store(labrun).sweep(1).runs
    // On a busy machine, the last one may begin only now.
    #expect(runs.count { $0.attempts > 1 } >= 2)
    for run in runs {
      #expect(run.state == .completed)
      #expect(try store(labrun).epochs(of: run.identity).map { $0.metrics["count"] } == (1...40).map(Double.init))
    }
    #expect(try labrun.run("doctor", "--check").status == 0)
  }

  /// What was reported before a checkpoint is not reported again after it, and nobody may have heard it.
  @Test func whatNobodyHeardIsStored() throws {
    let labrun = try study(
      """
      count=0
      [ -e "$LABRUN_FOLDER/checkpoint" ] && count=$(cat "$LABRUN_FOLDER/checkpoint")
      while [ $count -lt 6 ]; do
        count=$((count + 1))
        echo "{\\"epoch\\": $count, \\"count\\": $count}"
        echo $count > "$LABRUN_FOLDER/checkpoint.new"; mv "$LABRUN_FOLDER/checkpoint.new" "$LABRUN_FOLDER/checkpoint"
        if [ $count = 4 ]; then printf '{"epoch": 5, "count": 77'; kill -9 $PPID; sleep 600; fi
      done
      echo "acc: 50"
      """, seeds: 1)
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine", "--only", "lr=0.1")
    #expect(sweep.status == 0, "\(sweep.errors)")
    let run = try #require(try store(labrun).sweep(1).runs.first { $0.state == .completed })
    #expect(run.attempts == 2)
    #expect(try store(labrun).epochs(of: run.identity).map { $0.metrics["count"] } == (1...6).map(Double.init))
    #expect(
      try store(labrun).events(of: run.identity).contains {
        $0.message.hasSuffix("that its program reported while nobody listened")
      })
  }

  /// Counting from 0 is said once in the spec; without it, the first epoch would be lost.
  @Test func epochsMayCountFromZero() throws {
    let script = """
      for epoch in 0 1 2; do echo "{\\"epoch\\": $epoch, \\"count\\": $epoch}"; done
      echo '{"epoch": 1, "count": "many"}'; echo '{"epoch": 2, "count": [1]}'; echo '{"level": "info", "text": "x"}'
      echo "acc: 50"
      """
    for (key, isRight) in [("", false), (#", "first_epoch": 0"#, true)] {
      let labrun = try study(script, program: #""pattern": "acc: {test_accuracy}"\#(key)"#, seeds: 1)
      defer { labrun.remove() }
      let sweep = try labrun.run("sweep", "mine", "--only", "lr=0.1")
      #expect(sweep.status == (isRight ? 0 : 1), "\(sweep.errors)")
      let run = try #require(try store(labrun).sweep(1).variants.first?.runs.first)
      if isRight {
        #expect(try store(labrun).epochs(of: run.identity).map { $0.metrics["count"] } == [0, 1, 2])
        let log = try store(labrun).events(of: run.identity).filter { $0.kind == .warning }.map(\.message)
        #expect(log.count == 2 && log[0].hasPrefix("line 4 of what it printed is no report of an epoch: \"count\":"))
        #expect(log.last == "2 lines of what it printed speak of an epoch and are no reports")
      } else {
        #expect(
          run.reason == "line 1 of what it printed: \"epoch\": expected a whole number from 1, found 0; "
            + "that epochs are counted from 0 is said by program.first_epoch: 0", "\(run.reason ?? "")")
      }
    }
  }

  #if os(Linux)
    /// Where the sweep is killed with everything but the program itself, the next attempt ends that before it begins.
    @Test func twoProgramsNeverWorkOnOneRun() throws {
      let labrun = try study(
        """
        [ -e "$LABRUN_FOLDER/pid" ] && { echo "acc: 50"; exit 0; }
        echo waiting
        echo $$ > "$LABRUN_FOLDER/pid"
        while :; do sleep 0.1; done
        """, seeds: 1)
      defer { labrun.remove() }
      let started = try labrun.start(["sweep", "mine", "--only", "lr=0.1"])
      let runs = labrun.folder.appendingPathComponent("Results/runs").path
      var program: pid_t?
      for _ in 0..<600 where program == nil {
        Thread.sleep(forTimeInterval: 0.05)
        let file = (try? FileManager.default.subpathsOfDirectory(atPath: runs))?.first { $0.hasSuffix("program/pid") }
        program = file.flatMap { try? String(contentsOfFile: "\(runs)/\($0)", encoding: .utf8) }
          .flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
      }
      let orphan = try #require(program)
      let status = try String(contentsOfFile: "/proc/\(orphan)/stat", encoding: .utf8)
      let supervisor = try #require(pid_t(status.split(separator: ")").last?.split(separator: " ")[1] ?? ""))
      kill(started.process.processIdentifier, SIGKILL)
      kill(supervisor, SIGKILL)
      Thread.sleep(forTimeInterval: 0.5)
      #expect(kill(orphan, 0) == 0)
      let next = try labrun.run("sweep", "mine", "--only", "lr=0.1")
      #expect(next.status == 0, "\(next.errors)")
      // What the killed attempt had printed stays.
      let run = try #require(try store(labrun).sweep(1).runs.first { $0.state == .completed })
      #expect(try labrun.run("show", run.identity.short, "--log").output.contains("--- attempt 1 ---\nwaiting\n"))
      #expect((try? String(contentsOfFile: "/proc/\(orphan)/cmdline", encoding: .utf8))?.contains("train.sh") != true)
      // What the orphan held open kept this from ending.
      started.process.waitUntilExit()
    }
  #endif

  @Test func aProgramThatTakesTooLongIsEnded() throws {
    let labrun = try study(
      "trap '' TERM\necho waiting\nwhile :; do sleep 0.1; done\n",
      program: #""timeout_minutes": 0.02, "grace_seconds": 1, "metrics": {}"#, seeds: 1)
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine", "--only", "lr=0.1")
    #expect(sweep.status == 1)
    let reason = try store(labrun).sweep(1).variants[0].runs[0].reason
    #expect(reason == "its program had not ended when its time was up; it said last: waiting", "\(reason ?? "")")
  }

  @Test func devicesAreDealtToWorkers() throws {
    let labrun = try study(
      "echo \"device $CUDA_VISIBLE_DEVICES\"\nsleep 0.5\necho 'acc: 50'\n",
      program: #""devices": ["cuda:3", "cuda:5"], "metrics": {}, "pattern": "acc: {test_accuracy}""#)
    defer { labrun.remove() }
    #expect(try labrun.run("sweep", "mine").status == 0)
    let logs = try store(labrun).sweep(1).runs.map { try labrun.run("show", $0.identity.short, "--log").output }
    #expect(logs.contains { $0.contains("device 3\n") } && logs.contains { $0.contains("device 5\n") }, "\(logs)")
  }

  @Test(arguments: [
    (#"["no-such-program-at-all"]"#, "no program no-such-program-at-all that can be started is in a folder of PATH"),
    (#"["./missing.sh"]"#, "no program ./missing.sh that can be started is in "),
    (#"["sh", "{rate}"]"#, "unknown placeholder {rate}"),
  ])
  func nothingIsTrainedWithACommandThatCannotBe(command: String, message: String) throws {
    let labrun = try study("", command: command)
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 65 && sweep.errors.contains(message), "\(sweep.errors)")
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("Results").path))
  }

  @Test func sourcesMustBeThere() throws {
    let labrun = try study("", program: #""inputs": ["data/*.h5"]"#)
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 65 && sweep.errors.contains("no file data/*.h5 is in "), "\(sweep.errors)")
  }

  @Test func executorsTrainWhatTheyCan() throws {
    let labrun = try study("echo 'acc: 50'\n", seeds: 1)
    defer { labrun.remove() }
    let thread = try labrun.run("sweep", "mine", "--executor", "thread")
    #expect(
      thread.status != 0 && thread.errors.contains("and the spec names a program; programs are run by command"),
      "\(thread.errors)")
    try labrun.write(Labrun.spec(), to: "Experiments/tiny.json")
    let command = try labrun.run("sweep", "tiny", "--executor", "command")
    #expect(command.status != 0 && command.errors.contains("trained by thread, process"), "\(command.errors)")
    #expect(try labrun.run("sweep", "mine", "--executor", "command").status == 0)
  }
}
