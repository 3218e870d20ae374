import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program that is asked something, and has only so long to answer.
///
/// It has ended when its process has: what it has left in the background may hold open whatever it has inherited, and is not
/// waited for.
package struct LimitedProcess {
  /// What ended it.
  package enum End: Sendable, Hashable {
    /// It ended by itself, with a status.
    case exit(status: Int32)
    /// A signal ended it.
    case signal(Int32)
    /// Its time was up.
    case timeUp
    /// Somebody wanted no answer any more.
    case stopped
  }

  /// What came of it.
  package struct Answer: Sendable {
    /// What ended it.
    package var end: End
    /// What it printed.
    package var output = Data()
    /// What it printed as errors, unless these are among its output.
    package var errors = Data()
  }

  /// The program and its arguments.
  package var words: [String]
  /// The folder that it is started in; nil for this process's.
  package var directory: String?
  /// What its environment has beside this process's.
  package var environment: [String: String] = [:]
  /// Whether what it prints as errors is part of its output.
  package var joinsErrors = false
  /// How many bytes of what it prints are kept, of the first ones.
  package var longestOutput = 256 << 20

  /// Prepares a program.
  ///
  /// - Parameters:
  ///   - words: the program and its arguments.
  ///   - directory: the folder that it is started in; nil for this process's.
  package init(_ words: [String], directory: String? = nil) {
    self.words = words
    self.directory = directory
  }

  /// Runs the program, and ends whatever of its group it has left.
  ///
  /// - Parameters:
  ///   - seconds: how long it may take.
  ///   - isStopped: is asked again and again whether an answer is wanted no more.
  /// - Throws: `FileError` with the system's reason where it cannot be started.
  package func run(atMost seconds: Double, isStopped: () -> Bool = { false }) throws -> Answer {
    var output = try Channel(limit: longestOutput)
    var errors = joinsErrors ? nil : try Channel(limit: longestOutput)
    defer {
      output.end()
      errors?.end()
    }
    // The system's call that starts programs in another folder is not there for Swift everywhere.
    let words = directory.map { ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", $0] + self.words } ?? self.words
    let process = try ProcessLaunch(
      program: words[0], arguments: Array(words.dropFirst()), environment: environment,
      output: .descriptor(output.writingEnd), errors: errors.map { .descriptor($0.writingEnd) } ?? .joined,
      leadsGroup: true
    ).start()
    output.endWriting()
    errors?.endWriting()
    let deadline = ContinuousClock.now + .seconds(seconds)
    var answer = Answer(end: .timeUp)
    var status: Int32 = 0
    while true {
      let found = waitpid(process, &status, WNOHANG)
      let hasEnded = found == process || (found < 0 && errno != EINTR)
      let isOverdue = ContinuousClock.now >= deadline
      if hasEnded || isOverdue || isStopped() {
        kill(-process, SIGKILL)
        if !hasEnded { while waitpid(process, &status, 0) < 0, errno == EINTR {} }
        answer.end = hasEnded ? End(ProcessEnd(waitStatus: status)) : isOverdue ? .timeUp : .stopped
        break
      }
      Channel.wait(for: [output] + (errors.map { [$0] } ?? []))
      output.read()
      errors?.read()
    }
    output.read()
    errors?.read()
    answer.output = output.data
    answer.errors = errors?.data ?? Data()
    return answer
  }
}

extension LimitedProcess.End {
  fileprivate init(_ end: ProcessEnd) {
    switch end {
    case .exit(let status): self = .exit(status: status)
    case .signal(let number): self = .signal(number)
    }
  }
}

/// A pipe from a program, which is read as far as it is filled.
private struct Channel {
  private(set) var data = Data()
  private(set) var writingEnd: Int32
  private var readingEnd: Int32
  private let limit: Int

  init(limit: Int) throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw FileError(action: "open", path: "a pipe") }
    // What another thread starts right now may inherit them: nothing waits for the last of them to be closed.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (readingEnd, writingEnd) = (ends[0], ends[1])
    _ = fcntl(readingEnd, F_SETFL, fcntl(readingEnd, F_GETFL) | O_NONBLOCK)
    self.limit = limit
  }

  /// Waits a moment, or until one of several channels has something.
  static func wait(for channels: [Channel]) {
    var open = channels.filter { $0.readingEnd >= 0 }.map {
      pollfd(fd: $0.readingEnd, events: Int16(POLLIN), revents: 0)
    }
    // Who has ended both has mostly ended, or is about to.
    if open.isEmpty { usleep(1000) } else { _ = poll(&open, nfds_t(open.count), 10) }
  }

  mutating func endWriting() {
    close(writingEnd)
    writingEnd = -1
  }

  /// Takes what is there; of who prints without end, a part.
  mutating func read() {
    guard readingEnd >= 0 else { return }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    for _ in 0..<64 {
      #if canImport(Glibc)
        let count = Glibc.read(readingEnd, &bytes, bytes.count)
      #else
        let count = Darwin.read(readingEnd, &bytes, bytes.count)
      #endif
      if count > 0 {
        data.append(contentsOf: bytes.prefix(min(count, limit - data.count)))
      } else if count == 0 {
        close(readingEnd)
        readingEnd = -1
        return
      } else if errno != EINTR {
        return
      }
    }
  }

  mutating func end() {
    for end in [readingEnd, writingEnd] where end >= 0 { close(end) }
    (readingEnd, writingEnd) = (-1, -1)
  }
}
