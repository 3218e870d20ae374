import Foundation

/// Prepares each data set once for a whole process, however many runs use it.
public final class DatasetLibrary: @unchecked Sendable {
  // The lock guards the two dictionaries; each entry's own lock is held while it is prepared, so that
  // different data sets are prepared at the same time and equal ones once.
  private let lock = NSLock()
  private var entryLocks: [DatasetConfiguration: NSLock] = [:]
  private var datasets: [DatasetConfiguration: PreparedDataset] = [:]
  private let environment: DataEnvironment
  private let progress: DataProgress

  /// Creates an empty library.
  ///
  /// - Parameters:
  ///   - environment: where to look for data and keep the decoded form.
  ///   - progress: receives one sentence whenever a phase that may take long begins or ends, from any thread.
  public init(environment: DataEnvironment = .current, progress: @escaping DataProgress = { _ in }) {
    self.environment = environment
    self.progress = progress
  }

  /// The prepared data set of a configuration; callers that ask at the same time wait for the first.
  ///
  /// - Throws: ``DataError``; a later call tries again.
  public func dataset(_ configuration: DatasetConfiguration) throws -> PreparedDataset {
    let entryLock = lock.withLock {
      let existing = entryLocks[configuration] ?? NSLock()
      entryLocks[configuration] = existing
      return existing
    }
    return try entryLock.withLock {
      if let dataset = lock.withLock({ datasets[configuration] }) { return dataset }
      let dataset = try PreparedDataset(configuration, environment: environment, progress: progress)
      lock.withLock { datasets[configuration] = dataset }
      return dataset
    }
  }
}
