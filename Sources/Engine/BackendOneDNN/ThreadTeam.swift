import Dispatch
import Foundation
import Synchronization

/// Threads that work on the parts of one thing after the other, together with the thread that asks them to.
///
/// A training step has some hundred segments, of which many take less time than a system needs to wake a thread. So a
/// member looks out for the next thing for a while before it sleeps, and gives way to any other thread meanwhile.
package final class ThreadTeam: Sendable {
  private let board: Board

  /// - Parameters:
  ///   - size: the number of threads, with the one that calls ``run(_:)``.
  ///   - setUp: called once on each of the others.
  package init(size: Int, setUp: @escaping @Sendable () -> Void) {
    let board = Board(members: (1..<max(size, 1)).map { Member(index: $0) })
    self.board = board
    for member in board.members {
      let thread = Thread {
        setUp()
        board.work(as: member)
      }
      thread.name = "labrun step \(member.index)"
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  deinit { board.dismiss() }

  /// Calls `body` with 0 on this thread and with every other index on another one, all at the same time.
  ///
  /// Returns when all have ended. Calls come from one thread at a time.
  package func run(_ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { board.run($0) }
  }
}

/// One thread of a team.
private final class Member: Sendable {
  let index: Int
  /// Whether the thread sleeps, or is about to, and nobody has undertaken to wake it.
  let isAsleep = Atomic<Bool>(false)
  let alarm = DispatchSemaphore(value: 0)

  init(index: Int) { self.index = index }
}

/// What a team's threads share.
private final class Board: Sendable {
  /// How often a thread looks before it sleeps: about a millisecond, in which the next step of a training begins.
  private static let looks = 2_000

  let members: [Member]
  /// How many things the team has been asked to do.
  private let orders = Atomic<Int>(0)
  /// How many members are not done with the last one.
  private let unfinished = Atomic<Int>(0)
  /// The last one, or nil to dismiss the members.
  ///
  /// Written before `orders` grows and while nobody is unfinished.
  nonisolated(unsafe) private var body: ((Int) -> Void)?

  init(members: [Member]) { self.members = members }

  func run(_ body: @escaping (Int) -> Void) {
    order(body)
    body(0)
    while unfinished.load(ordering: .acquiring) > 0 { sched_yield() }
    self.body = nil
  }

  func dismiss() { order(nil) }

  private func order(_ body: ((Int) -> Void)?) {
    self.body = body
    unfinished.store(members.count, ordering: .relaxed)
    orders.add(1, ordering: .sequentiallyConsistent)
    for member in members where member.isAsleep.exchange(false, ordering: .sequentiallyConsistent) {
      member.alarm.signal()
    }
  }

  /// The life of a member.
  func work(as member: Member) {
    var done = 0
    while true {
      waitForOrder(done + 1, member)
      guard carryOut(for: member) else { return }
      done += 1
      unfinished.subtract(1, ordering: .releasing)
    }
  }

  /// Does a member's part of the last order; false if that was to leave.
  ///
  /// A call of its own, because nobody may hold on to the closure once a member has said that it is done.
  @inline(never)
  private func carryOut(for member: Member) -> Bool {
    guard let body else { return false }
    body(member.index)
    return true
  }

  /// Returns when there have been so many orders.
  private func waitForOrder(_ count: Int, _ member: Member) {
    for _ in 0..<Self.looks {
      if orders.load(ordering: .acquiring) >= count { return }
      sched_yield()
    }
    member.isAsleep.store(true, ordering: .sequentiallyConsistent)
    // An order may have come before the flag was seen: then either the flag is taken back here, or an alarm is on its way.
    let hasOrder = orders.load(ordering: .sequentiallyConsistent) >= count
    if hasOrder, member.isAsleep.exchange(false, ordering: .sequentiallyConsistent) { return }
    member.alarm.wait()
  }
}
