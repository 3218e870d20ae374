import Foundation
import LabCore
import Testing

/// Time in which the process was stopped is not time that it took.
@Suite struct ActiveClockTests {
  /// Looks in the usual distance, with a process that computes all the time.
  private func account(until seconds: Double) -> PauseAccount {
    var account = PauseAccount(at: 0, processor: 0)
    for look in 1...Int(seconds / ActiveClock.interval) {
      let time = Double(look) * ActiveClock.interval
      account.look(at: time, processor: time)
    }
    return account
  }

  @Test func aStoppedProcessIsAPause() {
    var account = account(until: 2)
    // Before the thread that looks has run again, another one may ask.
    #expect(abs(account.pausedSeconds(at: 14.05) { 2.05 } - 11.95) < 1e-9)
    account.look(at: 14.06, processor: 2.06)
    #expect(abs(account.pausedSeconds(at: 14.1) { 2.1 } - 11.96) < 1e-9)
    account.look(at: 14.16, processor: 2.16)
    account.look(at: 34.16, processor: 2.2)
    #expect(abs(account.pausedSeconds(at: 34.2) { 2.2 } - 11.96 - 19.9) < 1e-9, "pauses add up")
  }

  @Test func aBusyMachineIsNoPause() {
    var account = account(until: 2)
    account.look(at: 2.9, processor: 2.1)
    #expect(account.pausedSeconds(at: 2.95) { 2.2 } == 0, "a short absence")
    account.look(at: 7.9, processor: 6.9)
    #expect(account.pausedSeconds(at: 7.95) { 7 } == 0, "the process worked, only this thread waited")
  }

  @Test func theClockGoesOn() {
    let start = ActiveClock.seconds
    usleep(20_000)
    #expect(ActiveClock.seconds - start >= 0.02)
  }
}
