import Foundation

/// The task of a Slurm job that this process runs in.
public struct SlurmEnvironment: Sendable, Hashable, CustomStringConvertible {
  /// The number of the job, or of its array.
  public let job: String
  /// The index in the array; nil for a job without one.
  public let task: String?

  /// The task that this process runs in; nil outside of Slurm.
  public static let current = SlurmEnvironment(ProcessInfo.processInfo.environment)

  init?(_ environment: [String: String]) {
    guard let job = environment["SLURM_ARRAY_JOB_ID"] ?? environment["SLURM_JOB_ID"] else { return nil }
    self.job = job
    task = environment["SLURM_ARRAY_TASK_ID"]
  }

  /// The task by Slurm's own name, such as `4711_3`.
  var name: String { task.map { "\(job)_\($0)" } ?? job }

  /// The task as results have it, such as `slurm 4711_3`.
  public var description: String { "slurm \(name)" }
}
