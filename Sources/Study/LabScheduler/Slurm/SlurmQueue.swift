import Dispatch
import Foundation
import LabCore
import Synchronization

/// What Slurm says of jobs, asked once for all of them and beside everything else.
final class SlurmQueue: Sendable {
  private struct State {
    var snapshot: SlurmSnapshot?
    var isAsking = false
    var lastQuestion: ContinuousClock.Instant?
    /// Since when it has not answered.
    var silence: (since: Date, problem: String)?
  }

  private let client: SlurmClient
  private let interval: Duration
  private let say: @Sendable (String) -> Void
  private let queue = DispatchQueue(label: "labrun.slurm")
  private let state = Mutex(State())

  /// - Parameters:
  ///   - client: what asks.
  ///   - interval: the time between two questions.
  ///   - say: is told, once each time, that nothing answers any more, and that something does again.
  init(_ client: SlurmClient, interval: Duration, say: @escaping @Sendable (String) -> Void) {
    self.client = client
    self.interval = interval
    self.say = say
  }

  /// The newest answer; a new one is asked for where it is old.
  var snapshot: SlurmSnapshot? {
    let (snapshot, asks) = state.withLock { state -> (SlurmSnapshot?, Bool) in
      let isDue = state.lastQuestion.map { .now - $0 >= interval } ?? true
      let asks = isDue && !state.isAsking
      if asks { (state.isAsking, state.lastQuestion) = (true, .now) }
      return (state.snapshot, asks)
    }
    if asks { queue.async { _ = try? self.ask() } }
    return snapshot
  }

  /// Asks now, and waits for the answer.
  ///
  /// - Throws: ``SlurmError``.
  func current() throws -> SlurmSnapshot {
    try queue.sync { try ask() }
  }

  private func ask() throws -> SlurmSnapshot {
    defer { state.withLock { $0.isAsking = false } }
    let instant = ContinuousClock.now
    let answer = try client.run(SlurmSnapshot.command)
    guard answer.status == 0 else {
      let problem = answer.problem
      let isNew = state.withLock { state -> Bool in
        defer { state.silence = state.silence ?? (Date(), problem) }
        return state.silence == nil
      }
      if isNew { say("Slurm does not say which jobs there are (\(problem)); runs go on, and it is asked again") }
      throw SlurmError.silent(problem: problem)
    }
    let snapshot = SlurmSnapshot(answer.output, at: instant)
    let wasSilent = state.withLock { state -> Bool in
      defer { (state.silence, state.snapshot) = (nil, snapshot) }
      return state.silence != nil
    }
    if wasSilent { say("Slurm answers again") }
    return snapshot
  }
}
