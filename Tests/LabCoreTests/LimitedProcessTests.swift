import Foundation
import LabCore
import Testing

@Suite struct LimitedProcessTests {
  private func shell(
    _ script: String, _ arguments: String..., seconds: Double = 60, change: (inout LimitedProcess) -> Void = { _ in },
    isStopped: () -> Bool = { false }
  ) throws -> (end: LimitedProcess.End, output: String, errors: String) {
    var process = LimitedProcess(["/bin/sh", "-c", script, "sh"] + arguments)
    change(&process)
    let answer = try process.run(atMost: seconds, isStopped: isStopped)
    return (answer.end, String(decoding: answer.output, as: UTF8.self), String(decoding: answer.errors, as: UTF8.self))
  }

  private func isAlive(_ process: String) throws -> Bool {
    kill(try #require(pid_t(process.trimmingCharacters(in: .whitespacesAndNewlines))), 0) == 0
  }

  @Test func saysWhatItPrintedAndHowItEnded() throws {
    let answer = try shell("printf %s \"$1\"; echo sorry >&2; exit 3", "a 'b' \"c\"\n$d")
    #expect(answer == (.exit(status: 3), "a 'b' \"c\"\n$d", "sorry\n"))
    #expect(try shell("kill -9 $$").end == .signal(9))
    let joined = try shell("echo one; echo two >&2; echo three", change: { $0.joinsErrors = true })
    #expect(joined == (.exit(status: 0), "one\ntwo\nthree\n", ""))
  }

  @Test func isStartedWhereAndWithWhatItIsTold() throws {
    let place = try shell(
      "pwd; echo $LABRUN_TEST",
      change: {
        $0.directory = "/"
        $0.environment = ["LABRUN_TEST": "seen"]
      })
    #expect(place.output == "/\nseen\n")
    // It reads nothing, and so does not wait for a terminal.
    #expect(try shell("cat").end == .exit(status: 0))
  }

  /// Far more than a pipe holds, in both.
  @Test func readsWhateverIsPrinted() throws {
    let script = "head -c 3000000 /dev/zero | tr '\\0' x; head -c 2000000 /dev/zero | tr '\\0' y >&2"
    let answer = try shell(script)
    #expect(answer.output == String(repeating: "x", count: 3_000_000))
    #expect(answer.errors == String(repeating: "y", count: 2_000_000))
    let first = try shell(script, change: { $0.longestOutput = 10 })
    #expect(first == (.exit(status: 0), "xxxxxxxxxx", "yyyyyyyyyy"))
  }

  /// A daemon keeps what it has inherited, and whoever waited for the end of that would wait for the daemon's.
  @Test(.enabled(if: ProcessLaunch.path(of: "setsid") != nil, "the program setsid, which leaves a group, is not here"))
  func doesNotWaitForWhatIsLeftInTheBackground() throws {
    let answer = try shell("setsid sleep 600 & echo $!")
    #expect(answer.end == .exit(status: 0))
    #expect(try isAlive(answer.output))
    kill(try #require(pid_t(answer.output.dropLast())), SIGKILL)
  }

  @Test func isEndedWithWhatItHasStarted() throws {
    for isStopped in [false, true] {
      let answer = try shell("sleep 600 & echo $!; wait", seconds: isStopped ? 60 : 0.5, isStopped: { isStopped })
      if !isStopped {
        #expect(answer.end == .timeUp)
        // A signal is on its way for a moment.
        for _ in 0..<100 where try isAlive(answer.output) { usleep(20_000) }
        #expect(try !isAlive(answer.output))
      } else {
        #expect(answer.end == .stopped)
      }
    }
    // Endless output is no answer either.
    #expect(try shell("yes", seconds: 0.5, change: { $0.longestOutput = 1000 }).end == .timeUp)
  }

  @Test func mayCloseWhatItPrintsTo() throws {
    #expect(try shell("exec >&- 2>&-; sleep 0.1; exit 4").end == .exit(status: 4))
  }

  @Test func whatCannotBeStartedIsAnError() throws {
    #expect(throws: FileError.self) { try LimitedProcess(["/no/such/program"]).run(atMost: 1) }
    #expect(ProcessLaunch.path(of: "labrun-has-no-such-program") == nil)
    #expect(ProcessLaunch.path(of: "sh")?.hasSuffix("/sh") == true)
  }
}
