import LabRecords
import Synchronization

/// Gives signs of life for the runs that a scheduler holds, and learns when they are lost.
final class LeaseKeeper: Sendable {
  private struct Held {
    var lease: RunLease
    var stop: StopSignal
    var isLost = false
  }

  private struct State {
    var held: [Int: Held] = [:]
    var endingError: (any Error)?
  }

  /// Raised where work is to end, by the scheduler and not by its caller.
  let ownStop = StopSignal()
  private let store: any RunStore
  private let events: EventChannel
  private let state = Mutex(State())

  init(store: any RunStore, events: EventChannel) {
    self.store = store
    self.events = events
  }

  /// The first error of the machine that ended the work, if one did.
  var endingError: (any Error)? { state.withLock { $0.endingError } }

  /// Takes care of a worker's lease.
  ///
  /// - Parameter stop: is raised when the lease is lost.
  func keep(_ lease: RunLease, worker: Int, stop: StopSignal) {
    state.withLock { $0.held[worker] = Held(lease: lease, stop: stop) }
  }

  /// Notes that a worker's lease is lost.
  func lose(worker: Int) { state.withLock { $0.held[worker]?.isLost = true } }

  /// Leaves a worker's lease alone, and returns whether it was lost.
  func release(worker: Int) -> Bool { state.withLock { $0.held.removeValue(forKey: worker)?.isLost ?? false } }

  /// Ends the work with an error that concerns every run.
  func endWork(with error: any Error) {
    state.withLock { if $0.endingError == nil { $0.endingError = error } }
    ownStop.raise(to: .afterStep)
  }

  /// Gives a sign of life for every running run, and stops those that were taken over.
  func beat() {
    for (worker, run) in state.withLock({ $0.held }) {
      do {
        try store.heartbeat(run.lease)
      } catch RunStoreError.leaseLost {
        state.withLock {
          guard $0.held[worker]?.lease == run.lease else { return }
          $0.held[worker]?.isLost = true
        }
        run.stop.raise(to: .now)
      } catch let error as RunStoreError where error.endsSweep {
        return endWork(with: error)
      } catch {
        events.emit(.warning("no sign of life could be stored for run \(run.lease.run.short): \(error)"))
      }
    }
  }
}
