import Foundation
import LabCore
import LabRecords
import Synchronization

/// Keeps an experiment of an MLflow server up to date while runs are trained.
///
/// Nobody who trains waits for the server. What has changed is only noted, and sent beside the training from what is on record,
/// so that a server that is slow or away for a while is sent less often and misses nothing.
public final class MLflowMirror: RunMirror {
  private struct State {
    /// The runs that have changed since they were last sent.
    var changed: Set<RunIdentity> = []
    /// Those of them that are being sent.
    var sending: Set<RunIdentity> = []
    var isScheduled = false
    var isClosed = false
    var hasFailed = false
    var hasWarned = false
    var hasBegun = false
    /// How long nothing is sent after a failure, and after what took long, in seconds.
    var pauseSeconds = 0.0
  }

  /// The pauses between what is sent and after failures, in seconds.
  public struct Pauses: Sendable {
    /// The time in which changes are gathered; where sending takes long, it is nine times as long.
    public var gatheringSeconds: Double
    /// The shortest and the longest time after failures, which doubles from one to the next.
    public var failureSeconds: ClosedRange<Double>

    /// Creates pauses.
    public init(gatheringSeconds: Double = 0.5, failureSeconds: ClosedRange<Double> = 5...60) {
      self.gatheringSeconds = gatheringSeconds
      self.failureSeconds = failureSeconds
    }
  }

  private let client: MLflowClient
  private let store: any RunStore
  private let number: Int64
  private let pauses: Pauses
  private let say: @Sendable (String) -> Void
  private let state = Mutex(State())
  private let experiment = Mutex<MLflowExperiment?>(nil)
  private let queue = DispatchQueue(label: "labrun.mlflow", qos: .utility)

  /// Creates a mirror.
  ///
  /// - Parameters:
  ///   - address: where the server is.
  ///   - store: what has the runs on record.
  ///   - sweep: the number of the sweep.
  ///   - pauses: how often something is sent.
  ///   - say: receives one sentence where the server cannot be reached or refuses.
  public init(
    _ address: MLflowAddress, store: any RunStore, sweep: Int64, pauses: Pauses = Pauses(),
    say: @escaping @Sendable (String) -> Void
  ) {
    client = MLflowClient(address, patience: .sweep)
    self.store = store
    number = sweep
    self.pauses = pauses
    self.say = say
  }

  public var title: String { client.address }

  public func didStart(_ cell: Cell, atEpoch epoch: Int) { note(cell.run.identity) }
  public func didRecord(_ epoch: EpochRecord, of cell: Cell) { note(cell.run.identity) }
  public func didFinish(_ cell: Cell, _ outcome: RunOutcome) { note(cell.run.identity) }

  /// Sends what is left, and nothing from then on.
  ///
  /// - Parameter seconds: the longest time to wait for it, in seconds.
  /// - Returns: what the server does not have, in one sentence; nil where it has everything.
  public func close(waitingSeconds seconds: Double = 10) -> String? {
    let done = DispatchSemaphore(value: 0)
    queue.async {
      self.sendChanges()
      done.signal()
    }
    _ = done.wait(timeout: .now() + seconds)
    let left = state.withLock { state in
      state.isClosed = true
      return state.changed.union(state.sending).count
    }
    if left == 0 { return nil }
    return "\(client.address) does not have all of \(left == 1 ? "a run" : "\(left) runs")"
  }

  // MARK: Sending

  private func note(_ run: RunIdentity) {
    let delay = state.withLock { state -> Double? in
      guard !state.isClosed else { return nil }
      state.changed.insert(run)
      return schedule(&state)
    }
    if let delay { sendLater(after: delay) }
  }

  /// In how many seconds something is to be sent; nil where that is arranged already.
  private func schedule(_ state: inout State) -> Double? {
    guard !state.isScheduled, !state.isClosed else { return nil }
    state.isScheduled = true
    return max(pauses.gatheringSeconds, state.pauseSeconds)
  }

  private func sendLater(after seconds: Double) {
    queue.asyncAfter(deadline: .now() + seconds) { [weak self] in
      guard let self else { return }
      state.withLock { $0.isScheduled = false }
      sendChanges()
      // What failed is sent again.
      let delay = state.withLock { state in state.changed.isEmpty ? nil : self.schedule(&state) }
      if let delay { sendLater(after: delay) }
    }
  }

  /// Sends every run that has changed; those that could not be sent are noted again.
  private func sendChanges() {
    let start = ContinuousClock.now
    // They are taken before anything is read, so that what changes from now on is noted anew.
    var left = state.withLock { state in
      swap(&state.sending, &state.changed)
      return state.sending
    }
    do {
      defer {
        state.withLock { state in
          state.changed.formUnion(left)
          state.sending = []
        }
      }
      let sweep = try store.sweep(number)
      left.formUnion(runsOfEarlierSweeps(in: sweep))
      state.withLock { [left] in $0.sending = left }
      try experiment.withLock { experiment in
        var current = try experiment ?? MLflowExperiment(named: sweep.name, on: client)
        // After a failure nobody knows what is there, so that it is looked at again.
        experiment = nil
        var problem: (any Error)?
        for identity in left.sorted(by: { $0.hash.hexadecimal < $1.hash.hexadecimal }) {
          guard !state.withLock({ $0.isClosed }) else { return }
          do {
            try send(identity, of: sweep, to: &current)
            left.remove(identity)
            state.withLock { _ = $0.sending.remove(identity) }
          } catch let silence as HTTPService.Silence {
            throw silence
          } catch {
            // What is refused of one run says nothing of the others.
            problem = error
          }
        }
        if let problem { throw problem }
        experiment = current
      }
    } catch {
      return didFail(error)
    }
    // What is trained has nine tenths of the time for itself, however much there is to read and to send.
    let pause = min(9 * (ContinuousClock.now - start).seconds, pauses.failureSeconds.upperBound)
    state.withLock { state in
      state.pauseSeconds = pause
      state.hasFailed = false
    }
  }

  private func didFail(_ error: any Error) {
    let isFirst = state.withLock { state in
      state.pauseSeconds = min(
        max(state.hasFailed ? state.pauseSeconds * 2 : 0, pauses.failureSeconds.lowerBound),
        pauses.failureSeconds.upperBound)
      state.hasFailed = true
      defer { state.hasWarned = true }
      return !state.hasWarned && !state.isClosed
    }
    if isFirst { say("warning: \(error); the sweep goes on, and what is missing there is sent again later") }
  }

  private func send(_ identity: RunIdentity, of sweep: Sweep, to experiment: inout MLflowExperiment) throws {
    let epochs = try store.epochs(of: identity)
    let final = try store.finalRecord(of: identity)
    for cell in sweep.cells where cell.run.identity == identity && cell.run.state != .pending {
      _ = try experiment.update(cell, of: sweep, epochs: epochs, final: final)
    }
  }

  /// The runs that ended before this sweep began, which nobody tells of; none from the second time on.
  private func runsOfEarlierSweeps(in sweep: Sweep) -> [RunIdentity] {
    let isFirst = state.withLock { state in
      defer { state.hasBegun = true }
      return !state.hasBegun
    }
    guard isFirst else { return [] }
    return sweep.runs.filter { $0.state != .pending && $0.state != .running }.map(\.identity)
  }
}
