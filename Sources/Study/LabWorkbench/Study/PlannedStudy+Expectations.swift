import LabCore
import LabScheduler

extension PlannedStudy {
  /// The share of a core's peak that a whole run, data included, reaches on small networks: measured as 0.6 over the runs of
  /// `ablation`, less on others.
  private static let expectedShare = 0.5

  /// What one multiply-add of a run may take in seconds, by the names of the backends that know their peak.
  func secondsPerOperation() -> [String: Double] {
    var seconds: [String: Double] = [:]
    for backend in backends {
      guard let peak = backend.measurePeakGigaflops(milliseconds: 50) else { continue }
      seconds[backend.name] = 2 / (peak * 1e9 * PlannedStudy.expectedShare)
    }
    return seconds
  }

  /// Expects nothing of any run.
  static let expectsNothing: @Sendable (RunIdentity) -> RunExpectation = { _ in .init() }

  /// What is expected of each run, on a machine such as this one; nothing of those that somebody's program trains.
  func expectations() -> @Sendable (RunIdentity) -> RunExpectation {
    let secondsPerOperation = secondsPerOperation()
    let known = variantsByRun.compactMapValues { variant -> RunExpectation? in
      guard let backend = variant.backend else { return nil }
      return .init(
        bytes: variant.plannedBytes, seconds: secondsPerOperation[backend.name].map { $0 * variant.runMultiplyAdds })
    }
    return { known[$0] ?? .init() }
  }
}
