import Foundation
import LabCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The process that reads files for another one.
package enum IsolatedService {
  /// The one argument that asks for it; it is no part of the command line that users see.
  static let argument = "--serve-foreign-files"

  /// Reads a file and ends the process, where it was started for that; returns where it was not.
  ///
  /// - Parameter tasks: everything that it may be asked for.
  package static func serveIfAsked(_ tasks: [any IsolatedTask.Type]) {
    guard CommandLine.arguments.count == 2, CommandLine.arguments[1] == argument else { return }
    // Typed by hand, it would wait for a request that never comes.
    var status = stat()
    guard fstat(STDOUT_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { exit(EX_USAGE) }
    signal(SIGPIPE, SIG_IGN)
    signal(SIGPROF, SIG_DFL)
    let channel = IsolatedChannel(descriptor: STDOUT_FILENO)
    guard let frame = try? channel.nextFrame(), let data = try? channel.receive(frame.count),
      let request = try? IsolatedCoding.decode(IsolatedRequest.self, from: data),
      let task = tasks.first(where: { $0.name == request.task })
    else { exit(EX_USAGE) }
    limit(request.limits)
    try? serve(task, request, channel)
    // What a library would still do at the end cannot matter any more.
    _exit(0)
  }

  private static func serve<Task: IsolatedTask>(
    _ type: Task.Type, _ request: IsolatedRequest, _ channel: IsolatedChannel
  ) throws {
    let seconds = request.limits.seconds
    do {
      let task = try IsolatedCoding.decode(type, from: request.body)
      let answer = try task.run(IsolatedOutput(take: { try channel.send(.bytes, $0) }, note: { wind(seconds) }))
      try channel.send(.answer, IsolatedCoding.encode(answer))
    } catch let error as Task.Failure {
      try channel.send(.failure, IsolatedCoding.encode(error))
    } catch let error as FileError {
      try channel.send(.fileError, IsolatedCoding.encode(error))
    } catch {
      try channel.send(.otherError, Data("\(error)".utf8))
    }
  }

  /// Sets the clock anew that ends the process: one of computing and not of waiting, since disks and machines may be
  /// slow or asleep.
  private static func wind(_ seconds: Double) {
    var timer = itimerval()
    timer.it_value.tv_sec = Int(seconds)
    timer.it_value.tv_usec = numericCast(Int((seconds - seconds.rounded(.down)) * 1e6))
    if timer.it_value.tv_sec == 0, timer.it_value.tv_usec == 0 { timer.it_value.tv_usec = 1 }
    #if os(Linux)
      setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    #else
      setitimer(ITIMER_PROF, &timer, nil)
    #endif
  }

  private static func limit(_ limits: IsolationLimits) {
    wind(limits.seconds)
    func restrict(_ resource: Resource, to value: Int) {
      var limit = rlimit()
      guard getrlimit(resource, &limit) == 0 else { return }
      limit.rlim_cur = min(limit.rlim_cur, rlim_t(value))
      setrlimit(resource, &limit)
    }
    restrict(memory, to: limits.byteCount)
    restrict(coreFile, to: 0)
  }

  #if os(Linux)
    private typealias Resource = __rlimit_resource_t
    private static let (memory, coreFile) = (Resource(RLIMIT_AS.rawValue), Resource(RLIMIT_CORE.rawValue))
  #else
    private typealias Resource = Int32
    private static let (memory, coreFile) = (RLIMIT_AS, RLIMIT_CORE)
  #endif
}
