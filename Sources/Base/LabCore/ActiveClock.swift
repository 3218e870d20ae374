import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A clock that stands still while the process does: stopped by a signal, or on a machine that sleeps.
///
/// What a training takes is told by this clock. The system's own clocks go on while a process is stopped, so a thread looks
/// at them several times a second: where it was itself away for long, and the process used next to no processor time
/// meanwhile, the process was stopped.
public enum ActiveClock {
  /// Seconds between two looks.
  package static let interval = 0.1

  private static let account = Mutex<PauseAccount?>(nil)
  private static let start: Void = {
    let thread = Thread {
      account.withLock { $0 = PauseAccount(at: monotonicSeconds(), processor: processorSeconds()) }
      while true {
        usleep(UInt32(interval * 1e6))
        account.withLock { $0?.look(at: monotonicSeconds(), processor: processorSeconds()) }
      }
    }
    thread.name = "labrun clock"
    thread.stackSize = 1 << 18
    thread.start()
  }()

  /// Seconds since any instant, without those in which the process was stopped.
  public static var seconds: Double {
    _ = start
    return account.withLock { account in
      let now = monotonicSeconds()
      return now - (account?.pausedSeconds(at: now, processor: processorSeconds) ?? 0)
    }
  }

  /// Seconds since any instant, without those in which the machine slept.
  private static func monotonicSeconds() -> Double { read(CLOCK_MONOTONIC) }

  /// Processor time of all threads in seconds.
  private static func processorSeconds() -> Double { read(CLOCK_PROCESS_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

/// How long a process was stopped, as far as looks at the clock several times a second tell.
package struct PauseAccount {
  /// Shorter absences are those of a busy machine.
  package static let leastSeconds = 1.0

  private var lastLook: Double
  private var lastProcessorTime: Double
  private var recorded = 0.0

  package init(at seconds: Double, processor: Double) {
    lastLook = seconds
    lastProcessorTime = processor
  }

  /// The seconds in which the process was stopped so far, with an absence that has not been looked at yet.
  ///
  /// - Parameter processor: asked for the process's processor time where that matters.
  package func pausedSeconds(at seconds: Double, processor: () -> Double) -> Double {
    let absence = seconds - lastLook
    guard absence >= PauseAccount.leastSeconds else { return recorded }
    // A thread that is kept waiting on a busy machine is no sign of a pause: then the process works.
    guard processor() - lastProcessorTime < absence / 2 else { return recorded }
    return recorded + absence - ActiveClock.interval
  }

  /// Takes note of a look at the clock.
  package mutating func look(at seconds: Double, processor: Double) {
    recorded = pausedSeconds(at: seconds) { processor }
    lastLook = seconds
    lastProcessorTime = processor
  }
}
