import Dispatch
import Foundation
import LabCore
import LabRecords

/// What happens while a scheduler works.
public enum SchedulerEvent: Sendable {
  /// Why a run's outcome was not recorded.
  public enum Loss: Sendable {
    /// Another process took the run over.
    case takenOver
    /// The store could not be written; the run goes on from its last checkpoint when it is started again.
    case notStored(any Error)
  }

  /// Work begins on this many runs.
  case began(runs: Int, workers: Int)
  /// A run is handed over to what trains it in its turn.
  case submitted(ScheduledRun, worker: Int)
  /// A worker starts a run; epochs on record come from an earlier attempt.
  case started(ScheduledRun, worker: Int, attempt: Int, recordedEpochs: Int)
  /// A run tells how far it is.
  case progress(ScheduledRun, RunProgress, worker: Int)
  /// A run's attempt ended.
  case ended(ScheduledRun, worker: Int, outcome: RunOutcome, duration: Duration)
  /// A run needs no training: it had ended so before, or another process has ended it meanwhile.
  case reused(ScheduledRun, RunState)
  /// Another process trains the run; it is looked at again later.
  case busy(ScheduledRun, owner: ProcessIdentity)
  /// A run's outcome was not recorded.
  case lost(ScheduledRun, worker: Int, Loss)
  /// Something went wrong that ends no run.
  case warning(String)
  /// No further runs are started.
  case stopping(StopRequest)
  /// Work is over.
  case finished(SchedulerReport)
}

/// Is told what a scheduler does, to show or to log it.
public protocol SchedulerObserver: Sendable {
  /// Receives an event; calls come one at a time, in the order in which things happened, on a queue of their own.
  func observe(_ event: SchedulerEvent)
}

/// Tells an observer what happens, on a queue of its own.
struct EventChannel: Sendable {
  private let observer: (any SchedulerObserver)?
  private let queue = DispatchQueue(label: "labrun.observer")

  init(_ observer: (any SchedulerObserver)?) { self.observer = observer }

  func emit(_ event: SchedulerEvent) {
    guard let observer else { return }
    queue.async { observer.observe(event) }
  }

  /// Waits until the observer has been told everything.
  func drain() { queue.sync {} }
}
