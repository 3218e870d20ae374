import LabCore
import LabRecords
import Synchronization

/// Gives signs of life for the runs that a scheduler holds, says with them how far they are, and learns when they are lost.
final class LeaseKeeper: Sendable {
  private struct Held {
    var lease: RunLease
    var stop: StopSignal
    var isLost = false
    /// What the run has told since the last sign of life.
    var progress: RunProgress?
    /// The first that it has told, by which its pace is measured.
    var beginning: Beginning?
  }

  /// Where and when an attempt began to train, as far as anybody was told.
  private struct Beginning {
    var instant: ContinuousClock.Instant
    var epochsDone: Double
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

  /// Takes in how far a run is, for the next sign of life.
  ///
  /// - Returns: the progress with the time that is left, as far as that can be told.
  func note(_ progress: RunProgress, lease: RunLease, worker: Int) -> RunProgress {
    let now = ContinuousClock.now
    return state.withLock { state in
      guard var held = state.held[worker], held.lease == lease else { return progress }
      var progress = progress
      let done = progress.epochsDone
      // What a cluster has started again may go on from further back.
      let beginning =
        held.beginning.flatMap { $0.epochsDone <= done ? $0 : nil } ?? Beginning(instant: now, epochsDone: done)
      if done > beginning.epochsDone {
        let pace = (now - beginning.instant).seconds / (done - beginning.epochsDone)
        progress.remainingSeconds = pace * max(0, Double(progress.epochs) - done)
      }
      (held.beginning, held.progress) = (beginning, progress)
      state.held[worker] = held
      return progress
    }
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
    let held = state.withLock { state in
      defer { for worker in state.held.keys { state.held[worker]?.progress = nil } }
      return state.held
    }
    for (worker, run) in held {
      do {
        try store.heartbeat(run.lease, progress: run.progress)
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
