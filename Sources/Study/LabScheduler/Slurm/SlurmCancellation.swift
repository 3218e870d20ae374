import LabCore

/// Cancels jobs without following them.
public struct SlurmCancellation {
  private let shelf: CapsuleShelf
  private let client: SlurmClient

  /// - Parameters:
  ///   - results: the results folder.
  ///   - client: what asks Slurm.
  public init(results: String, client: SlurmClient = SlurmClient()) {
    shelf = CapsuleShelf(results: results.absolutePath)
    self.client = client
  }

  /// Asks Slurm to end what it has of some runs, each after a checkpoint.
  ///
  /// - Returns: how many runs it had.
  /// - Throws: ``SlurmError``.
  public func cancel(_ runs: [RunIdentity]) throws -> Int {
    let places = shelf.placesElsewhere(of: Set(runs.map(\.short)))
    guard !places.isEmpty else { return 0 }
    let answer = try client.run(SlurmSnapshot.command)
    guard answer.status == 0 else { throw SlurmError.silent(problem: answer.problem) }
    let snapshot = SlurmSnapshot(answer.output, at: .now)
    var count = 0
    var tasks: Set<String> = []
    for place in places {
      let submission = SlurmSubmission(place.submission)
      guard let job = submission.job ?? snapshot.jobs[submission.comment] else { continue }
      let task = SlurmTaskName(job: job, index: place.task)
      guard let state = snapshot.tasks[task], state.phase != .ended else { continue }
      tasks.insert(task.description)
      count += 1
    }
    guard !tasks.isEmpty else { return 0 }
    let cancelled = try client.run(["scancel"] + tasks.sorted())
    guard cancelled.status == 0 else { throw SlurmError.refused(problem: cancelled.problem) }
    return count
  }
}
