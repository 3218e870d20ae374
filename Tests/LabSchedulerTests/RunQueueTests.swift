import LabCore
import LabScheduler
import LabTesting
import Testing

@Suite struct RunQueueTests {
  private func run(_ index: Int, bytes: Int) -> ScheduledRun {
    ScheduledRun(
      identity: RunStoreSamples.run(level: "level", seed: UInt64(index)).identity, label: "level",
      seed: UInt64(index), plannedBytes: bytes)
  }

  private func runs(bytes: [Int]) -> [ScheduledRun] { bytes.indices.map { run($0, bytes: bytes[$0]) } }

  @Test func followsThePlanWithoutALimit() {
    let runs = runs(bytes: [5, 500, 50])
    var queue = RunQueue(runs, budgetBytes: nil, passLimit: 1)
    #expect(queue.next() == .start(runs[0]))
    #expect(queue.next() == .start(runs[1]))
    #expect(queue.next() == .start(runs[2]))
    #expect(queue.next() == .empty)
    #expect(queue.reservedBytes == 555)
  }

  @Test func countsEqualRunsOnce() {
    let run = run(0, bytes: 1)
    var queue = RunQueue([run, run], budgetBytes: nil, passLimit: 1)
    #expect(queue.remaining == [run])
    #expect(queue.next() == .start(run))
    #expect(queue.next() == .empty)
  }

  @Test func fillsMemoryWithSmallerRunsAndKeepsWithinTheBudget() {
    let runs = runs(bytes: [6, 6, 3, 1, 1])
    var queue = RunQueue(runs, budgetBytes: 10, passLimit: 10)
    #expect(queue.next() == .start(runs[0]))
    #expect(queue.next() == .start(runs[2]))
    #expect(queue.next() == .start(runs[3]))
    #expect(queue.reservedBytes == 10)
    #expect(queue.next() == .wait)
    queue.release(runs[0])
    #expect(queue.next() == .start(runs[1]), "the held run comes before later ones")
    #expect(queue.next() == .wait)
    queue.release(runs[2])
    #expect(queue.next() == .start(runs[4]))
    #expect(queue.next() == .empty)
  }

  @Test func dismissesARunThatCanNeverFit() {
    let runs = runs(bytes: [11, 10])
    var queue = RunQueue(runs, budgetBytes: 10, passLimit: 1)
    #expect(queue.next() == .tooLarge(runs[0]))
    #expect(queue.next() == .start(runs[1]))
    #expect(queue.reservedBytes == 10)
  }

  @Test func largeRunsAreNotStarved() {
    let runs = runs(bytes: [5, 9] + [Int](repeating: 5, count: 20))
    var queue = RunQueue(runs, budgetBytes: 10, passLimit: 3)
    var started: [ScheduledRun] = []
    var running: [ScheduledRun] = []
    // One run ends at a time, so there is always a small run beside which the large one does not fit.
    for _ in 0..<1000 where started.count < runs.count {
      switch queue.next() {
      case .start(let run):
        started.append(run)
        running.append(run)
      default: queue.release(running.removeFirst())
      }
    }
    #expect(started.count == runs.count)
    #expect(started.firstIndex(of: runs[1]) == 4, "the first run, three that pass, then the large one")
  }

  @Test func postponedRunsComeBackAtTheEnd() {
    let runs = runs(bytes: [1, 1, 1])
    var queue = RunQueue(runs, budgetBytes: 10, passLimit: 1)
    #expect(queue.next() == .start(runs[0]))
    queue.release(runs[0])
    queue.postpone(runs[0])
    #expect(queue.next() == .start(runs[1]))
    #expect(queue.remaining == [runs[2], runs[0]])
    queue.reconsiderPostponed()
    #expect(queue.postponed.isEmpty)
    #expect(queue.next() == .start(runs[2]))
    #expect(queue.next() == .start(runs[0]))
    #expect(queue.next() == .empty)
  }

  @Test func holdsABoundedNumberOfRuns() {
    let large = (0..<200).map { run($0 + 1, bytes: 8) }
    var queue = RunQueue([run(0, bytes: 5)] + large, budgetBytes: 10, passLimit: 1000)
    #expect(queue.next() == .start(run(0, bytes: 5)))
    #expect(queue.next() == .wait)
    #expect(queue.remaining == large)
    queue.release(run(0, bytes: 5))
    for expected in large {
      #expect(queue.next() == .start(expected))
      queue.release(expected)
    }
    #expect(queue.next() == .empty)
  }
}
