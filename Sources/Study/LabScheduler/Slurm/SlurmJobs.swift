import LabCore

/// The jobs that Slurm has of a results folder, for those who do not follow them.
public struct SlurmJobs {
  private let shelf: CapsuleShelf
  private let client: SlurmClient

  /// Creates them.
  ///
  /// - Parameters:
  ///   - results: the results folder.
  ///   - client: what asks Slurm.
  public init(results: String, client: SlurmClient = SlurmClient()) {
    shelf = CapsuleShelf(results: results.absolutePath)
    self.client = client
  }

  /// What each run's job is called and how far it is, by the first digits of the run.
  ///
  /// - Returns: such as `4711_3, running on node7`; nothing of runs that have none.
  public func descriptions() -> [String: String] {
    let places = shelf.placesElsewhere()
    guard !places.isEmpty else { return [:] }
    let snapshot = try? self.snapshot()
    var descriptions: [String: String] = [:]
    for (run, place) in places {
      guard let task = name(of: place, snapshot) else { continue }
      guard let snapshot else {
        descriptions[run] = "\(task), and Slurm does not answer"
        continue
      }
      let state = snapshot.state(of: task, in: SlurmSubmission(place.submission))
      let node = state.map { $0.node.isEmpty ? "" : " on \($0.node)" } ?? ""
      descriptions[run] = "\(task), \(state.map { $0.word.lowercased().replacing("_", with: " ") } ?? "over")\(node)"
    }
    return descriptions
  }

  /// Asks Slurm to end what it has of some runs, each after a checkpoint.
  ///
  /// - Parameter runs: the runs.
  /// - Returns: how many of them it had.
  /// - Throws: ``SlurmError``.
  public func cancel(_ runs: [RunIdentity]) throws -> Int {
    let wanted = Set(runs.map(\.short))
    let places = shelf.placesElsewhere().filter { wanted.contains($0.run) }
    guard !places.isEmpty else { return 0 }
    let snapshot = try snapshot()
    let tasks = places.compactMap { place -> SlurmTaskName? in
      guard let task = name(of: place.place, snapshot),
        let state = snapshot.state(of: task, in: SlurmSubmission(place.place.submission)), state.phase != .ended
      else { return nil }
      return task
    }
    try client.cancel(Set(tasks.map(\.description)).sorted())
    return tasks.count
  }

  private func snapshot() throws -> SlurmSnapshot {
    let answer = try client.run(SlurmSnapshot.command)
    guard answer.status == 0 else { throw SlurmError.silent(problem: answer.problem) }
    return SlurmSnapshot(answer.output, at: .now)
  }

  /// The task of a place; nil where nobody can tell.
  private func name(of place: SlurmPlace, _ snapshot: SlurmSnapshot?) -> SlurmTaskName? {
    let submission = SlurmSubmission(place.submission)
    return (submission.job ?? snapshot?.jobs[submission.comment]).map { SlurmTaskName(job: $0, index: place.task) }
  }
}
