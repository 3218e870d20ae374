import ArgumentParser
import LabWorkbench

/// What `predict` and `evaluate` have in common.
struct InferenceOptions: ParsableArguments {
  @Option(help: "Which weights of a run: final or best (default: those that its test metrics are of).")
  var weights: TrainedModel.Choice?

  @Option(help: "Images that are classified at once (default: as many as in the run's steps, else up to 64).")
  var batchSize: Int?

  @Option(help: "Threads (default: one a core).")
  var threads: Int?

  var threadCount: Int { threads ?? Machine.coreCount }

  func validate() throws {
    guard (1...65_536).contains(batchSize ?? 1) else { throw ValidationError("--batch-size takes 1 to 65536") }
    guard (threads ?? 1) > 0 else { throw ValidationError("--threads takes at least 1") }
  }
}

extension TrainedModel.Choice: ExpressibleByArgument {}
