import Foundation
import LabCore

/// What a spec asks of Slurm.
public struct SlurmOptions: Sendable, Hashable {
  /// The partition; nil for the cluster's own choice.
  public var partition: String?
  /// The time limit of a task in minutes; nil for four times what the plan expects, or the cluster's own.
  public var timeMinutes: Int?
  /// GPUs of a task.
  public var gpus: Int?
  /// Processors of a task; nil for as many as a run has threads.
  public var cpus: Int?
  /// The memory of a task, as Slurm reads it; nil for what the plan expects.
  public var memory: String?
  /// The most tasks that run at a time; nil for as many as the cluster lets.
  public var maxRunning: Int?
  /// Runs that are trained one after the other in a task; nil for as many as ten minutes hold.
  public var runsPerJob: Int?
  /// Lines of shell that come before.
  public var setup: [String]
  /// Further options of sbatch, a word each.
  public var options: [String]
  /// The path of labrun on the machines of the cluster; nil for that of this process.
  public var program: String?
  /// The time between two questions to Slurm in seconds.
  public var pollSeconds: Double
  /// The time before the limit, in seconds, at which a checkpoint is written.
  public var warningSeconds: Int

  /// The keys that a spec may have.
  public static let schema = ConfigurationSchema([
    .init(
      "partition", .optional(.string), default: .null, isResultRelevant: false,
      "The partition, or several by commas; null for the cluster's own choice."),
    .init(
      "time", .optional(.string), default: .null, isResultRelevant: false,
      "The time limit of a task, such as 02:00:00, 1-12:00:00 or 90 for minutes; what is not done by then is written down and "
        + "goes on in the next start. Null for four times what the plan expects, where it expects something."),
    .init("gpus", .optional(.integer(1...1024)), default: .null, isResultRelevant: false, "GPUs of a task."),
    .init(
      "cpus", .optional(.integer(1...4096)), default: .null, isResultRelevant: false,
      "Processors of a task; null for as many as a run has threads."),
    .init(
      "memory", .optional(.string), default: .null, isResultRelevant: false,
      "The memory of a task, such as 8G; null for what the plan expects, and twice as much after a task has run out of it."
    ),
    .init(
      "max_running", .optional(.integer(1...100_000)), default: .null, isResultRelevant: false,
      "The most tasks that run at a time; null for as many as the cluster lets."),
    .init(
      "runs_per_job", .either([.choice(["auto"]), .integer(1...100_000)]), default: "auto", isResultRelevant: false,
      "Runs that are trained one after the other in one task; auto for as many as are expected to take ten minutes."),
    .init(
      "setup", .array(.string), default: [], isResultRelevant: false,
      "Lines of shell that a task begins with, such as module load cuda."),
    .init(
      "options", .array(.string), default: [], isResultRelevant: false,
      "Further options of sbatch, a word each, such as --account=vision."),
    .init(
      "program", .optional(.string), default: .null, isResultRelevant: false,
      "The path of labrun on the machines of the cluster; null for that of the sweep."),
    .init(
      "poll_seconds", .number(.positive), default: 5, isResultRelevant: false,
      "The time in seconds between two questions to Slurm."),
    .init(
      "warning_seconds", .integer(1...86_400), default: 120, isResultRelevant: false,
      "The time in seconds before the limit at which a checkpoint is written."),
  ])

  /// What labrun itself says to sbatch.
  private static let reserved = [
    "--array", "-a", "--comment", "--parsable", "--output", "-o", "--error", "-e", "--open-mode", "--wrap",
    "--test-only",
    "--wait", "-W", "--requeue", "--no-requeue", "--signal", "--job-name", "-J", "--ntasks", "-n",
  ]

  /// Reads resolved options.
  ///
  /// - Throws: ``Problem`` with what is wrong.
  public init(_ options: JSONValue) throws {
    let defaults = try SlurmOptions.schema.resolved()
    func value(_ key: String) -> JSONValue? { options[key] ?? defaults[key] }
    func words(_ key: String) -> [String] { value(key)?.arrayValue?.compactMap(\.stringValue) ?? [] }
    partition = value("partition")?.stringValue
    gpus = value("gpus")?.integerValue
    cpus = value("cpus")?.integerValue
    memory = value("memory")?.stringValue
    maxRunning = value("max_running")?.integerValue
    runsPerJob = value("runs_per_job")?.integerValue
    setup = words("setup")
    self.options = words("options")
    program = value("program")?.stringValue
    pollSeconds = value("poll_seconds")?.doubleValue ?? 0
    warningSeconds = value("warning_seconds")?.integerValue ?? 0
    timeMinutes = try value("time")?.stringValue.map { text in
      guard let minutes = SlurmOptions.minutes(text) else {
        throw Problem(
          key: "time", sentence: "expected minutes, or a time such as 02:00:00 or 1-12:00:00, found \"\(text)\"")
      }
      return minutes
    }
    if let memory, SlurmOptions.megabytes(memory) == nil {
      throw Problem(key: "memory", sentence: "expected a size such as 8G or 800M, found \"\(memory)\"")
    }
    for option in self.options {
      let name = option.prefix { $0 != "=" }
      if !option.hasPrefix("-") {
        throw Problem(
          key: "options", sentence: "expected options such as \"--account=vision\", a word each, found \"\(option)\"")
      }
      if SlurmOptions.reserved.contains(String(name)) {
        throw Problem(key: "options", sentence: "\(name) is labrun's own, so it cannot be given")
      }
    }
  }

  /// What is wrong with an option.
  public struct Problem: Error, CustomStringConvertible {
    /// The option.
    public var key: String
    /// What is wrong with it.
    public var sentence: String
    /// One sentence.
    public var description: String { "execution.executor.\(key): \(sentence)" }
  }

  /// The minutes of a time as Slurm writes it, rounded up; nil for other text.
  static func minutes(_ text: String) -> Int? {
    let days = text.split(separator: "-", omittingEmptySubsequences: false)
    guard days.count <= 2, let last = days.last else { return nil }
    let parts = last.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...3).contains(parts.count), parts.allSatisfy({ $0 != nil && $0! >= 0 }) else { return nil }
    let numbers = parts.compactMap(\.self)
    var seconds: Int
    if days.count == 2 {
      guard let count = Int(days[0]), count >= 0 else { return nil }
      // Days are followed by hours, minutes and seconds.
      let padded = numbers + Array(repeating: 0, count: 3 - numbers.count)
      seconds = ((count * 24 + padded[0]) * 60 + padded[1]) * 60 + padded[2]
    } else {
      seconds =
        switch numbers.count {
        case 1: numbers[0] * 60
        case 2: numbers[0] * 60 + numbers[1]
        default: (numbers[0] * 60 + numbers[1]) * 60 + numbers[2]
        }
    }
    return seconds > 0 ? (seconds + 59) / 60 : nil
  }

  /// The megabytes of a size as Slurm writes it; nil for other text.
  static func megabytes(_ text: String) -> Int? {
    let digits = text.prefix { $0.isNumber }
    guard let number = Int(digits), number > 0 else { return nil }
    switch text.dropFirst(digits.count).uppercased() {
    case "", "M", "MB": return number
    case "K", "KB": return max(1, number / 1024)
    case "G", "GB": return number * 1024
    case "T", "TB": return number * 1024 * 1024
    default: return nil
    }
  }
}
