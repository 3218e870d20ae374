import BackendOneDNN
import Foundation
import Synchronization
import Testing

@Suite struct ThreadTeamTests {
  /// How often each index was seen.
  private final class Counts: Sendable {
    private let counts: Mutex<[Int]>

    init(_ size: Int) { counts = Mutex([Int](repeating: 0, count: size)) }

    func add(_ index: Int) { counts.withLock { $0[index] += 1 } }
    var values: [Int] { counts.withLock { $0 } }
  }

  @Test(arguments: [1, 2, 3, 5])
  func everyPartIsDoneOnceBeforeTheCallReturns(size: Int) {
    let team = ThreadTeam(size: size) {}
    let counts = Counts(size)
    for round in 1...3_000 {
      team.run { counts.add($0) }
      #expect(counts.values == [Int](repeating: round, count: size))
    }
  }

  /// Members sleep after a while, and an order that comes at about that time is not missed.
  @Test(.timeLimit(.minutes(10)))
  func ordersWakeTheMembers() {
    let team = ThreadTeam(size: 3) {}
    let counts = Counts(3)
    for round in 1...400 {
      usleep(UInt32(round * 37 % 4_000))
      team.run { counts.add($0) }
      #expect(counts.values == [Int](repeating: round, count: 3))
    }
  }

  /// Each part waits for the others, so that the call would never return if they came one after the other.
  ///
  /// Where other tests take all cores, a round takes as long as the system lets three threads wait for their turn.
  @Test(.timeLimit(.minutes(10)))
  func partsAreDoneAtTheSameTime() {
    let team = ThreadTeam(size: 3) {}
    let arrived = Atomic<Int>(0)
    for round in 1...20 {
      team.run { _ in
        arrived.add(1, ordering: .sequentiallyConsistent)
        while arrived.load(ordering: .sequentiallyConsistent) < 3 * round { sched_yield() }
      }
    }
    #expect(arrived.load(ordering: .sequentiallyConsistent) == 60)
  }

  @Test func membersAreSetUpBeforeTheirFirstOrder() {
    let counts = Counts(1)
    let team = ThreadTeam(size: 4) { counts.add(0) }
    team.run { _ in }
    #expect(counts.values == [3])
  }

  /// A team that is given up lets its threads go, whether they are awake or asleep.
  @Test func membersLeaveWithTheirTeam() {
    final class Witness: Sendable {
      let leaves: DispatchSemaphore
      init(_ leaves: DispatchSemaphore) { self.leaves = leaves }
      deinit { leaves.signal() }
    }
    for pause in [0, 20_000] {
      let leaves = DispatchSemaphore(value: 0)
      do {
        let witness = Witness(leaves)
        let team = ThreadTeam(size: 3) { withExtendedLifetime(witness) {} }
        team.run { _ in }
        usleep(UInt32(pause))
      }
      // The threads hold what sets them up, and so the witness, as long as they live.
      #expect(leaves.wait(timeout: .now() + .seconds(20)) == .success, "after \(pause) µs")
    }
  }
}
