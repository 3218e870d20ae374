import Dispatch
import Foundation
import LabStudy

/// Turns Ctrl-C and termination requests into stop requests: once to stop after the step, twice to stop at once.
final class InterruptHandler {
  private let sources: [any DispatchSourceSignal]

  /// - Parameter notify: is told the new level after each signal, on a queue of its own.
  init(raising stop: StopSignal, notify: @escaping @Sendable (StopRequest) -> Void) {
    let queue = DispatchQueue(label: "labrun.signals")
    sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { notify(stop.escalate()) }
      source.resume()
      return source
    }
  }

  deinit { for source in sources { source.cancel() } }
}
