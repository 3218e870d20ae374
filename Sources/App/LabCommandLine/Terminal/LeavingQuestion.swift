import Dispatch
import Foundation
import LabRecords
import LabScheduler
import Synchronization

/// Asks, at Ctrl-C, what becomes of jobs that a cluster has.
final class LeavingQuestion: Sendable {
  private let isAsking = Atomic(false)
  private let leaving: LeavingPolicy
  private let display: SweepDisplay

  init(_ leaving: LeavingPolicy, display: SweepDisplay) {
    self.leaving = leaving
    self.display = display
  }

  /// Asks where somebody can answer; else, and where a second signal comes before an answer, jobs are left.
  func answer(raising stop: StopSignal) {
    let canAsk = isatty(STDIN_FILENO) == 1 && Terminal.standardError.isInteractive
    guard canAsk, !isAsking.exchange(true, ordering: .acquiringAndReleasing) else { return leave(raising: stop) }
    // The queue of signals stays free for the next one.
    DispatchQueue.global().async { [self] in
      display.pause("Leave the jobs to the cluster [l], cancel them [c], or go on following [g]? ")
      let answer = readLine()?.trimmingCharacters(in: .whitespaces).lowercased() ?? "l"
      isAsking.store(false, ordering: .releasing)
      guard stop.request == .none else { return }
      switch answer.first {
      case "c":
        leaving.choice = .cancel
        display.resume()
        display.say("cancelling the jobs; each writes a checkpoint")
        stop.raise(to: .afterStep)
      case "g":
        display.resume()
      default:
        display.resume()
        leave(raising: stop)
      }
    }
  }

  private func leave(raising stop: StopSignal) {
    guard stop.request == .none else { return }
    leaving.choice = .leave
    display.say("the jobs are left to the cluster; the same command follows them on")
    stop.raise(to: .afterStep)
  }
}
