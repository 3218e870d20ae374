import Foundation
import LabRecords

/// Which ended runs a sweep trains once more, as its user chooses.
public enum RerunPolicy: String, Hashable, Sendable, CaseIterable {
  /// None, but runs that failed for a reason outside their configuration.
  case unfinished
  /// Those that failed or diverged too.
  case retryingFailed
  /// All, from their beginning.
  case fresh

  /// What a sweep with this choice claims.
  ///
  /// - Parameter date: when the sweep begins; runs that end later are another sweep's fresh results.
  public func claimPolicy(endedBefore date: Date) -> ClaimPolicy {
    switch self {
    case .unfinished: .unfinished
    case .retryingFailed: .retryingFailed(endedBefore: date)
    case .fresh: .fresh(endedBefore: date)
    }
  }
}
