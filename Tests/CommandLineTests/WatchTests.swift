import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// A sweep is watched from another process, on a terminal and in a log.
@Suite(.serialized) struct WatchTests {
  /// A sweep that does not end by itself, once it is in its training.
  private func startedSweep(_ labrun: Labrun) throws -> Process {
    try labrun.write(Labrun.spec(trainCount: 860, epochs: 400), to: "Experiments/tiny.json")
    let started = try labrun.start(["sweep", "tiny"])
    var heard = ""
    while !heard.contains("epoch 1/") {
      let data = started.errors.fileHandleForReading.availableData
      guard !data.isEmpty else { break }
      heard += String(decoding: data, as: UTF8.self)
    }
    #expect(heard.contains("epoch 1/"), "\(heard)")
    // What it says from now on is read by nobody, and must not fill the pipe.
    started.errors.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    started.output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
    return started.process
  }

  private func end(_ process: Process) {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  @Test func howASweepStandsIsShownOnce() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let none = try labrun.run("watch", "--once")
    #expect(none.status == 66, "\(none.errors)")
    try labrun.write(Labrun.spec(), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let once = try labrun.run("watch", "--once")
    #expect(once.status == 0, "\(once.errors)")
    for text in [
      "no run is trained now", "tiny: 2 of 2 runs completed\n", "completed last", "odconv-1x · seed 0", " ago",
      "│ baseline",
    ] {
      #expect(once.output.contains(text), "\(text): \(once.output)")
    }
    let other = try labrun.run("watch", "tony", "--once")
    #expect(other.status == 66 && other.errors.contains("did you mean \"tiny\"?"), "\(other.errors)")
    // A sweep that is over has its outcome, and nothing to watch.
    let over = try labrun.run("watch")
    #expect(over.status == 0, "\(over.errors)")
    #expect(over.output.hasSuffix("tiny: 2 of 2 runs completed\n"), "\(over.output)")
  }

  @Test func aSweepThatStartsLaterIsWaitedForAndFollowedToItsEnd() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let watch = try labrun.start(["watch", "tiny"])
    var heard = String(decoding: watch.output.fileHandleForReading.availableData, as: UTF8.self)
    #expect(heard == "there is no sweep \"tiny\" in Results yet; waiting for it\n")
    try labrun.write(Labrun.spec(trainCount: 430, epochs: 4, seeds: "[0, 1]"), to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny")
    #expect(sweep.status == 0, "\(sweep.errors)")
    heard += String(decoding: watch.output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    watch.process.waitUntilExit()
    #expect(watch.process.terminationStatus == 0)
    let lines = heard.split(separator: "\n")
    // Where the sweep is over before anybody looks, there are no lines of epochs, but each run's end is told.
    #expect(lines.last == "tiny: 4 of 4 runs completed", "\(heard)")
    #expect(lines.count { $0.hasPrefix("completed  ") } == 4, "\(heard)")
    #expect(lines.contains { $0.hasPrefix("completed  odconv-1x · seed 1") && $0.contains("accuracy % ") }, "\(heard)")
  }

  /// The lines of the last whole picture on a terminal, as it shows them.
  private func picture(_ output: String) -> [String] {
    let frames = output.components(separatedBy: "\u{1b}[H").dropFirst()
    let last = frames.last { $0.contains("\u{1b}[J") }?.components(separatedBy: "\u{1b}[J")[0] ?? ""
    return last.components(separatedBy: "\r\n").map { $0.replacing(/\u{1b}\[[0-9;]*[a-zA-Z]/, with: "") }
  }

  @Test(arguments: [(40, 16), (160, 40), (20, 4)]) func theViewFitsTheWindowAndLeavesTheTerminalAsItWas(
    _ columns: Int, _ rows: Int
  ) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let sweep = try startedSweep(labrun)
    defer { end(sweep) }
    let process = labrun.process(["watch"], variables: ["TERM": "xterm", "NO_COLOR": "", "COLUMNS": ""])
    let terminal = try PseudoTerminal(columns: UInt16(columns), rows: UInt16(rows))
    let deadline = Date().addingTimeInterval(30)
    var hasTyped = false
    let (output, isRestored) = try terminal.run(process) { written in
      // Two pictures of different moments have been drawn by then.
      let isDrawn = written.components(separatedBy: "\u{1b}[J").count > 3 && written.contains("runs")
      guard !hasTyped, isDrawn || Date() > deadline else { return "" }
      hasTyped = true
      return "xq"
    }
    #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(output)")
    #expect(isRestored)
    #expect(output.hasPrefix("\u{1b}[?1049h\u{1b}[?25l") && output.hasSuffix("\u{1b}[?25h\u{1b}[?1049l"))
    let lines = picture(output)
    #expect(lines.count <= rows && lines.allSatisfy { $0.count <= columns }, "\(lines)")
    let text = lines.joined(separator: "\n")
    #expect(text.contains("0/2 runs"), "\(text)")
    guard rows > 4 else { return }
    #expect(text.contains("seed 0") && text.contains("q ends the view"), "\(text)")
    #expect(text.contains("epoch ") && text.contains("/400"), "\(text)")
    guard columns > 100 else { return }
    for part in ["loss ", "acc ", " images/s", "ETA ", " left"] { #expect(text.contains(part), "\(part): \(text)") }
    // Whoever only looks leaves the sweep at its work.
    #expect(sweep.isRunning)
  }

  @Test func anInterruptEndsTheViewAndNotTheSweep() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let sweep = try startedSweep(labrun)
    defer { end(sweep) }
    let process = labrun.process(["watch", "tiny"], variables: ["TERM": "xterm"])
    var hasInterrupted = false
    let (output, isRestored) = try PseudoTerminal().run(process) { written in
      if !hasInterrupted, written.contains("0/2 runs") {
        hasInterrupted = true
        kill(process.processIdentifier, SIGINT)
      }
      return ""
    }
    #expect(hasInterrupted && process.terminationReason == .exit && process.terminationStatus == 0)
    #expect(isRestored && output.hasSuffix("\u{1b}[?1049l") && sweep.isRunning)
  }

  @Test func aSweepThatDiesEndsTheViewWithWhatIsLeft() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let sweep = try startedSweep(labrun)
    let watch = try labrun.start(["watch"])
    var heard = String(decoding: watch.output.fileHandleForReading.availableData, as: UTF8.self)
    end(sweep)
    heard += String(decoding: watch.output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    watch.process.waitUntilExit()
    #expect(watch.process.terminationStatus == 130, "\(heard)")
    #expect(heard.hasPrefix("tiny: 0 of 2 runs completed, 2 runs are trained now\n"), "\(heard)")
    #expect(heard.contains("interrupted  baseline · seed 0: its process ended without a word"), "\(heard)")
    #expect(
      heard.hasSuffix(
        "tiny: 0 of 2 runs completed, 2 interrupted\nnobody trains the 2 runs left: the sweep's command goes on with them\n"
      ),
      "\(heard)")
  }

  @Test func failuresAreShownWithTheirReasons() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(
      Labrun.spec().replacing("\"learning_rate\": 0.05", with: "\"learning_rate\": 1e30"), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 1)
    let once = try labrun.run("watch", "--once")
    #expect(once.status == 0 && once.output.contains("2 diverged"), "\(once.output)")
    for line in ["without a result", "baseline · seed 0: the loss became", "odconv-1x · seed 0: the loss became"] {
      #expect(once.output.contains("\n" + line), "\(once.output)")
    }
    let over = try labrun.run("watch")
    #expect(over.status == 1)
    #expect(over.output.contains("  baseline, seed 0 diverged: the loss became "), "\(over.output)")
  }

  /// Reading takes no lock that a writer would wait for.
  @Test func watchingKeepsNobodyFromWriting() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let folder = labrun.folder.path + "/Results"
    let reader = try StudyStore(reading: folder)
    let before = try reader.dataVersion()
    #expect(try reader.dataVersion() == before)
    let writer = try StudyStore(folder: folder, options: .init(busyTimeoutSeconds: 0.1))
    let sweep = try writer.sweep(1)
    _ = try writer.register(sweep)
    #expect(try reader.dataVersion() != before)
    let activities = try reader.activities(sweep: 1)
    #expect(Set(activities.keys) == Set(sweep.runs.map(\.identity)))
    for activity in activities.values {
      let (start, end) = try (#require(activity.startedAt), #require(activity.endedAt))
      #expect(end >= start && activity.lastEpoch == nil && activity.owner?.host.isEmpty == false)
    }
  }
}
