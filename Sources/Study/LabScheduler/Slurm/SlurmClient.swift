import Foundation
import LabCore
import LabRecords

/// Asks Slurm by its own commands.
public struct SlurmClient: Sendable {
  /// What a command printed, and how it ended.
  public struct Answer: Sendable {
    /// The status that it ended with.
    public var status: Int32
    /// What it printed.
    public var output: String
    /// What it printed as errors.
    public var errors: String

    /// Creates an answer.
    public init(status: Int32, output: String = "", errors: String = "") {
      self.status = status
      self.output = output
      self.errors = errors
    }

    /// The last line of its errors, which says what is wrong.
    var problem: String {
      let line = (errors.isEmpty ? output : errors).split(whereSeparator: \.isNewline).last
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard let line else { return "it ended with status \(status)" }
      // It names itself first.
      return line.range(of: ": error: ").map { String(line[$0.upperBound...]) } ?? line
    }
  }

  private let execute: @Sendable (_ words: [String]) throws -> Answer

  /// Uses the commands that are in `PATH`.
  public init() { execute = Self.runProgram }

  /// Uses something else in their place.
  ///
  /// - Parameter execute: runs a command, given word by word.
  package init(execute: @escaping @Sendable (_ words: [String]) throws -> Answer) { self.execute = execute }

  /// Runs a command to its end.
  ///
  /// - Throws: ``SlurmError/missing(command:)`` where it is not installed.
  func run(_ words: [String]) throws -> Answer { try execute(words) }

  /// Ends tasks.
  ///
  /// - Throws: ``SlurmError`` where Slurm does not.
  func cancel(_ tasks: [String]) throws {
    // A command line has only so much room.
    for start in stride(from: 0, to: tasks.count, by: 1000) {
      let answer = try run(["scancel"] + tasks[start..<min(start + 1000, tasks.count)])
      guard answer.status == 0 else { throw SlurmError.refused(problem: answer.problem) }
    }
  }

  /// The most tasks of one array.
  func largestArray() -> Int {
    guard let answer = try? run(["scontrol", "show", "config"]), answer.status == 0 else { return 1000 }
    let line = answer.output.split(separator: "\n").first { $0.hasPrefix("MaxArraySize") }
    let size = line?.split(separator: "=").last.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    return max(1, size ?? 1000)
  }

  /// Longer than its commands wait for a controller that is busy or away.
  private static let patienceSeconds = 300.0

  @Sendable private static func runProgram(_ words: [String]) throws -> Answer {
    guard let path = ProcessLaunch.path(of: words[0]) else { throw SlurmError.missing(command: words[0]) }
    let answer = try LimitedProcess([path] + words.dropFirst()).run(atMost: patienceSeconds)
    let (output, errors) = (
      String(decoding: answer.output, as: UTF8.self), String(decoding: answer.errors, as: UTF8.self)
    )
    switch answer.end {
    case .exit(let status): return Answer(status: status, output: output, errors: errors)
    case .signal(let number): return Answer(status: 128 + number, output: output, errors: errors)
    case .timeUp, .stopped:
      throw SlurmError.silent(problem: "\(words[0]) did not end within \(Int(patienceSeconds)) s")
    }
  }
}

/// What Slurm refuses.
public enum SlurmError: RunFailure, Equatable, CustomStringConvertible {
  /// A command of it is not installed.
  case missing(command: String)
  /// It does not tell of jobs.
  case silent(problem: String)
  /// It does not take a job.
  case refused(problem: String)

  /// Nothing is wrong with the run.
  public var isRetriable: Bool { true }
  /// No other run would do better.
  public var endsSweep: Bool { true }

  /// One sentence.
  public var description: String {
    switch self {
    case .missing(let command):
      "the command \(command) is not in a folder of PATH: the executor \"slurm\" is used where jobs of Slurm are submitted"
    case .silent(let problem): "Slurm does not say which jobs there are: \(problem)"
    case .refused(let problem): "Slurm does not take the jobs: \(problem)"
    }
  }
}
