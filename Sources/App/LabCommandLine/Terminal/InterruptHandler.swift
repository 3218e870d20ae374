import Dispatch
import Foundation
import LabRecords

/// Turns Ctrl-C, termination requests and exhausted limits into stop requests: once to stop after the step, twice to stop
/// at once.
final class InterruptHandler {
  /// Signals of people and of those who act for them; a second one is meant as one.
  private static let requests = [SIGINT, SIGTERM, SIGHUP]
  /// Signals that come by themselves, often more than once: a queue's notice before its time limit, used-up processor time,
  /// a file that has reached the limit on its size.
  private static let notices = [SIGUSR1, SIGXCPU, SIGXFSZ]

  private let sources: [any DispatchSourceSignal]

  /// - Parameters:
  ///   - stop: is raised by requests.
  ///   - noticed: is raised by notices; nil for the same.
  ///   - escalates: whether a second request is one to stop at once; a cluster may send one twice.
  ///   - notify: is told the new level after each signal that changes it, on a queue of its own.
  init(
    raising stop: StopSignal, noticed: StopSignal? = nil, escalates: Bool = true,
    notify: @escaping @Sendable (StopRequest) -> Void
  ) {
    let queue = DispatchQueue(label: "labrun.signals")
    let registered = DispatchSemaphore(value: 0)
    func source(_ number: Int32, _ handle: @escaping @Sendable () -> Void) -> any DispatchSourceSignal {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler(handler: handle)
      source.setRegistrationHandler { registered.signal() }
      source.resume()
      // Between the line that ignores it and the source's registration a signal would be lost.
      registered.wait()
      return source
    }
    // What `nohup` starts is to outlive its terminal.
    let requests = InterruptHandler.requests.filter { $0 != SIGHUP || !ProcessSignals.isIgnored($0) }
    sources =
      requests.map {
        source($0) {
          if escalates || stop.request == .none { notify(stop.escalate()) }
        }
      }
      + InterruptHandler.notices.map {
        source($0) {
          let noticed = noticed ?? stop
          guard noticed.request == .none else { return }
          noticed.raise(to: .afterStep)
          notify(.afterStep)
        }
      }
  }

  deinit { for source in sources { source.cancel() } }
}
