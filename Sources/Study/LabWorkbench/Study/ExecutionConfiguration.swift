import LabCore

/// How runs are executed; nothing here changes a result.
package struct ExecutionConfiguration: Codable, Hashable {
  /// Runs at a time; nil for as many as cores allow.
  package var workers: Int?
  /// Threads of each run.
  package var threadsPerRun = 1
  /// Seconds between checkpoints within an epoch.
  package var checkpointEverySeconds: Double? = 60
  /// Memory that runs may use together; nil for four fifths of the machine's.
  package var memoryBudgetGigabytes: Double?
  /// Whether event files for TensorBoard grow while runs are trained.
  package var tensorboard = false
  /// The address of an MLflow server that has runs while they are trained; nil for none.
  package var mlflow: String?

  package enum CodingKeys: String, CodingKey {
    case workers
    case threadsPerRun = "threads_per_run"
    case checkpointEverySeconds = "checkpoint_every_seconds"
    case memoryBudgetGigabytes = "memory_budget_gigabytes"
    case tensorboard
    case mlflow
  }

  package static let schema = ConfigurationSchema([
    .init(
      "workers", .optional(.integer(1...4096)), default: .null, isResultRelevant: false,
      "Runs at a time; null for one a core, or fewer where a run has several threads."),
    .init("threads_per_run", .integer(1...1024), default: 1, isResultRelevant: false, "Threads of each run."),
    .init(
      "checkpoint_every_seconds", .optional(.number(.positive)), default: 60, isResultRelevant: false,
      "Seconds between checkpoints within an epoch; null for checkpoints at the ends of epochs only."),
    .init(
      "memory_budget_gigabytes", .optional(.number(.positive)), default: .null, isResultRelevant: false,
      "Memory in GB (10⁹ bytes) that runs may use together; null for four fifths of the machine's."),
    .init(
      "tensorboard", .boolean, default: false, isResultRelevant: false,
      "Whether event files for TensorBoard grow while runs are trained, in the folder tensorboard of the results."),
    .init(
      "mlflow", .optional(.string), default: .null, isResultRelevant: false,
      "The address of an MLflow server that is kept up to date while runs are trained, such as http://localhost:5000; null "
        + "for none."),
  ])
}
