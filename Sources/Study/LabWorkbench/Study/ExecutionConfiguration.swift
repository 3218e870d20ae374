import LabCore

/// How runs are executed; nothing here changes a result.
package struct ExecutionConfiguration: Codable, Hashable {
  /// Runs at a time; nil for as many as cores allow.
  package var workers: Int?
  /// Threads of each run.
  package var threadsPerRun = 1
  /// Seconds between checkpoints within an epoch.
  package var checkpointEverySeconds: Double? = 60
  /// Whether completed runs keep their last checkpoint.
  package var keepsCheckpoints = false
  /// Memory that runs may use together; nil for four fifths of the machine's.
  package var memoryBudgetGigabytes: Double?
  /// Whether event files for TensorBoard grow while runs are trained.
  package var tensorboard = false
  /// The address of an MLflow server that has runs while they are trained; nil for none.
  package var mlflow: String?
  /// What trains the runs: the executor's name, or an object with it and its options.
  package var executor: JSONValue
  /// How often a run that failed for a reason outside its configuration is tried again.
  package var retries = 1

  package enum CodingKeys: String, CodingKey {
    case workers
    case threadsPerRun = "threads_per_run"
    case checkpointEverySeconds = "checkpoint_every_seconds"
    case keepsCheckpoints = "keep_checkpoints"
    case memoryBudgetGigabytes = "memory_budget_gigabytes"
    case tensorboard
    case mlflow
    case executor
    case retries
  }

  /// What `execution` takes; executors that a program registers are known from then on.
  package static var schema: ConfigurationSchema { ConfigurationSchema(fields) }

  private static var fields: [ConfigurationSchema.Field] {
    [
      .init(
        "workers", .optional(.integer(1...4096)), default: .null, isResultRelevant: false,
        "Runs at a time; null for one a core, or fewer where a run has several threads."),
      .init("threads_per_run", .integer(1...1024), default: 1, isResultRelevant: false, "Threads of each run."),
      .init(
        "checkpoint_every_seconds", .optional(.number(.positive)), default: 60, isResultRelevant: false,
        "Seconds between checkpoints within an epoch; null for checkpoints at the ends of epochs only."),
      .init(
        "keep_checkpoints", .boolean, default: false, isResultRelevant: false,
        "Whether completed runs keep their last checkpoint, such as to start other runs from; it is removed otherwise."),
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
      .init(
        "executor", .variant(Executors.registry.entries.map { .init($0.name, $0.summary, options: $0.options) }),
        default: .string(Executors.registry.names[0]), isResultRelevant: false,
        "What trains the runs; --executor on the command line takes its place."),
      .init(
        "retries", .integer(0...100), default: 1, isResultRelevant: false,
        "How often a run is tried again in the same sweep that failed for a reason outside its configuration, such as a crash "
          + "of its process."),
    ]
  }
}
