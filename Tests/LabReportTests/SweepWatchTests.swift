import Foundation
import LabCore
import LabRecords
import LabReport
import Testing

/// What is seen of a sweep that another process trains.
@Suite struct SweepWatchTests {
  private let start = Date(timeIntervalSince1970: 1_700_000_000)
  private let owner = ProcessIdentity(host: "lab", scope: nil, pid: 7, startTime: 1)

  private func run(_ name: String, _ state: RunState, epochs: Int, reason: String? = nil) -> Run {
    var run = SampleSweep.run(
      1, state, accuracy: state == .completed ? 0.9 : nil, reason: reason, epochs: epochs, seconds: Double(epochs) * 20)
    run.identity = RunIdentity(hash: ContentHash(of: name))
    return run
  }

  private func sweep(_ runs: [(label: String, run: Run)]) -> Sweep {
    SampleSweep.sweep(
      runs.enumerated().map { index, entry in
        Variant(label: entry.label, levels: [:], isBaseline: index == 0, runs: [entry.run])
      }, seeds: 1..<2)
  }

  private func watch(
    _ runs: [(label: String, run: Run)], after earlier: SweepWatch? = nil, seconds: Double = 100
  ) -> SweepWatch {
    let activities = runs.map { _, run in
      (
        run.identity,
        RunActivity(
          startedAt: start, endedAt: run.state.isTerminal ? start.addingTimeInterval(60) : nil, owner: owner,
          lastEpoch: run.state == .running && run.completedEpochs > 0
            ? EpochRecord(
              epoch: run.completedEpochs - 1, metrics: ["train_loss": 0.25, "validation_accuracy": 0.875],
              timing: .init(trainSeconds: 20, evaluationSeconds: 5, imagesPerSecond: 512, meanStepMilliseconds: 3))
            : nil)
      )
    }
    return SweepWatch(
      sweep(runs), activities: Dictionary(activities) { first, _ in first }, after: earlier,
      now: start.addingTimeInterval(seconds))
  }

  private var mixed: [(label: String, run: Run)] {
    [
      ("baseline", run("a", .completed, epochs: 10)),
      ("a variant with a rather long label, 日本語", run("b", .running, epochs: 4)),
      ("short", run("c", .diverged, epochs: 1, reason: "the loss became NaN in epoch 2, step 3")),
      ("later", run("d", .pending, epochs: 0)),
    ]
  }

  @Test func everyPartIsShown() {
    let lines = watch(mixed).lines(width: 140, hint: "q ends")
    let text = lines.joined(separator: "\n")
    // Six epochs of 25 s are left of the run; of all runs 6 + 10 of 20 s of training.
    for part in [
      "epoch 5/10", "loss 0.2500", "validation acc 87.5 %", "512 images/s", "ETA 2 min 30 s", "1/4 runs  1 diverged",
      "1 min 40 s elapsed", "about 5 min 20 s left",
      "without a result\nshort · seed 1: the loss became NaN in epoch 2, step 3",
      "completed last\nbaseline · seed 1  accuracy % 90.00  trained 3.3 min  40 s ago", "│ baseline", "\nq ends",
    ] {
      #expect(text.contains(part), "\(part): \(text)")
    }
  }

  @Test func everyWindowIsFitted() {
    for width in [20, 33, 40, 79, 200] {
      for height in [1, 2, 3, 5, 8, 13, 24, 60] {
        let lines = watch(mixed).lines(width: width, height: height, style: .colored, hint: "q ends the view")
        #expect(lines.count <= max(2, height), "\(width)×\(height)")
        #expect(lines.allSatisfy { $0.displayWidth <= width }, "\(width)×\(height): \(lines)")
      }
    }
  }

  /// What is left goes down between two epochs, but not below what the epochs behind them take.
  @Test func timeGoesOnWithoutNews() {
    let first = watch(mixed)
    #expect(first.lines(width: 140)[0].contains("ETA 2 min 30 s"))
    #expect(first.at(start.addingTimeInterval(110)).lines(width: 140)[0].contains("ETA 2 min 20 s"))
    let later = watch(mixed, after: first, seconds: 400)
    #expect(later.lines(width: 140)[0].contains("ETA 2 min 05 s"))
  }

  /// What a process tells within an epoch goes before what is on record of the last one.
  @Test func stepsWithinAnEpochAreShown() throws {
    var runs = mixed
    runs[1].run.progress = RunProgress(
      epoch: 4, epochs: 10, step: 30, stepsPerEpoch: 120, loss: 0.125, imagesPerSecond: 640, remainingSeconds: 400)
    runs[1].run.progressAt = start.addingTimeInterval(90)
    let state = watch(runs)
    let line = state.lines(width: 160)[0]
    for part in [
      "epoch 5/10", "step 30/120", "loss 0.1250", "validation acc 87.5 %", "640 images/s", "ETA 6 min 30 s",
    ] { #expect(line.contains(part), "\(part): \(line)") }
    // Of the run, 5.75 of 10 epochs are left, and 10 of another one, of 20 s each.
    #expect(state.lines(width: 160)[1].contains("about 5 min 15 s left"), "\(state.lines(width: 160)[1])")
    runs[1].run.progress?.activity = "evaluating"
    #expect(watch(runs).lines(width: 160)[0].contains("evaluating"))
    // A line of the log is of the epoch that ended.
    let before = watch(mixed)
    runs[1].run.completedEpochs = 5
    runs[1].run.progress = RunProgress(epoch: 5, epochs: 10, step: 1, stepsPerEpoch: 120, loss: 0.0625)
    let lines = watch(runs).changes(since: before)
    #expect(lines.count == 1 && lines[0].contains("epoch 5/10") && lines[0].contains("loss 0.2500"), "\(lines)")
    // Before the first epoch is on record, what is left is what the process tells.
    var first = run("a", .running, epochs: 0)
    first.progress = RunProgress(epoch: 0, epochs: 10, step: 60, stepsPerEpoch: 120, remainingSeconds: 190)
    first.progressAt = start.addingTimeInterval(100)
    let young = watch([("baseline", first), ("later", run("d", .pending, epochs: 0))])
    #expect(young.lines(width: 160)[0].contains("ETA 3 min 10 s"))
    #expect(young.lines(width: 160)[1].contains("about 6 min 30 s left"), "\(young.lines(width: 160)[1])")
  }

  @Test func changesAreLines() {
    let first = watch(mixed)
    #expect(
      first.changes(since: nil) == ["ablation: 1 of 4 runs completed, 1 diverged, 1 not started, 1 run is trained now"])
    #expect(
      first.changes(since: nil, beginning: start.addingTimeInterval(30)).dropFirst() == [
        "completed  baseline · seed 1  accuracy % 90.00  trained 3.3 min  40 s ago",
        "diverged  short · seed 1: the loss became NaN in epoch 2, step 3",
      ])
    #expect(first.changes(since: first) == [])
    var next = mixed
    next[1].run.completedEpochs = 5
    next[3].run.state = .running
    let second = watch(next, after: first)
    let lines = second.changes(since: first)
    #expect(lines.count == 2 && lines[1] == "start  later · seed 1")
    #expect(lines[0].contains("epoch 5/10  ") && lines[0].contains("validation acc 87.5 %"), "\(lines)")
    next[1].run = run("b", .completed, epochs: 10)
    next[3].run = run("d", .failed, epochs: 0, reason: "out of memory")
    let third = watch(next, after: second)
    #expect(third.isOver && third.unsuccessfulCount == 2)
    #expect(
      third.changes(since: second) == [
        "completed  a variant with a rather long label, 日本語 · seed 1  accuracy % 90.00  trained 3.3 min  40 s ago",
        "failed  later · seed 1: out of memory",
      ])
    #expect(
      third.outcome() == [
        "ablation: 2 of 4 runs completed, 1 failed, 1 diverged",
        "  short, seed 1 diverged: the loss became NaN in epoch 2, step 3", "  later, seed 1 failed: out of memory",
      ])
  }

  @Test func whatNobodyTrainsIsSaid() {
    var runs = mixed
    runs[1].run.state = .interrupted
    let left = watch(runs)
    #expect(!left.isOver && !left.isTrained)
    #expect(
      left.lines(width: 80).prefix(2) == [
        "ablation: 1 of 4 runs completed, 1 diverged, 1 interrupted, 1 not started", "no run is trained now",
      ])
    #expect(left.outcome().last == "nobody trains the 2 runs left: the sweep's command goes on with them")
    #expect(
      left.outcome(elsewhere: 2).last
        == "nobody follows its runs now, of which a cluster has 2: the sweep's command takes in what they give")
  }
}
