import Foundation
import LabCore

/// The right to train one run, held by one process until it finishes, dies or loses contact.
///
/// A store accepts a run's writes only with the lease that is current, so a process whose lease was taken over
/// cannot mix its results with its successor's.
public struct RunLease: Sendable, Codable, Hashable {
  /// The run.
  public let run: RunIdentity
  /// The random name of this lease.
  public let token: UUID
  /// The number of the attempt that the lease belongs to, from 1.
  public let attempt: Int

  /// Creates a lease; only stores do.
  public init(run: RunIdentity, token: UUID, attempt: Int) {
    self.run = run
    self.token = token
    self.attempt = attempt
  }
}
