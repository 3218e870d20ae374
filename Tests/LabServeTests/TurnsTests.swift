import Foundation
import LabServe
import Synchronization
import Testing

/// One makes what many want.
@Suite struct TurnsTests {
  /// What has been made, and by how many.
  private final class Made: Sendable {
    let value = Mutex<Int?>(nil)
    let makers = Mutex(0)
    let mostAtOnce = Mutex((now: 0, most: 0))
  }

  @Test func aCrowdHasItMadeOnce() {
    let turns = Turns(limit: 2)
    let made = Made()
    let answers = Mutex<[Int]>([])
    DispatchQueue.concurrentPerform(iterations: 40) { _ in
      switch turns.take("page", seconds: 20, unless: { made.value.withLock { $0 } }) {
      case .made(let value): answers.withLock { $0.append(value) }
      case .late: Issue.record("it took too long")
      case .taken:
        made.makers.withLock { $0 += 1 }
        usleep(50_000)
        made.value.withLock { $0 = 7 }
        turns.giveBack("page")
      }
    }
    #expect(made.makers.withLock { $0 } == 1)
    #expect(answers.withLock { $0 } == Array(repeating: 7, count: 39))
  }

  @Test func aFewThingsAreMadeAtATime() {
    let turns = Turns(limit: 2)
    let made = Made()
    let threads = (0..<6).map { number in
      let ended = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        defer { ended.signal() }
        guard case .taken = turns.take("page \(number)", seconds: 20, unless: { nil as Int? }) else { return }
        made.mostAtOnce.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
        usleep(50_000)
        made.mostAtOnce.withLock { $0.now -= 1 }
        made.makers.withLock { $0 += 1 }
        turns.giveBack("page \(number)")
      }
      return ended
    }
    for thread in threads { thread.wait() }
    #expect(made.makers.withLock { $0 } == 6 && made.mostAtOnce.withLock { $0.most } == 2)
  }

  /// Who has failed to make it leaves that to the next one, and nobody waits for ever.
  @Test func whatWasNotMadeIsTriedAgain() {
    let turns = Turns(limit: 1)
    guard case .taken = turns.take("page", seconds: 1, unless: { nil as Int? }) else {
      Issue.record("nobody makes it, and there is no turn")
      return
    }
    guard case .late = turns.take("page", seconds: 0.05, unless: { nil as Int? }) else {
      Issue.record("two make it at a time")
      return
    }
    turns.giveBack("page")
    guard case .taken = turns.take("page", seconds: 1, unless: { nil as Int? }) else {
      Issue.record("a turn that was given back is nobody's")
      return
    }
  }
}
