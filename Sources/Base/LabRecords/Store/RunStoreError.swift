import Foundation
import LabCore

/// A request that a store cannot fulfil, whatever it is made of.
public enum RunStoreError: Error, Equatable, CustomStringConvertible {
  /// The lease is no longer the run's current one.
  case leaseLost(RunLease)
  /// No sweep has this number or name.
  case unknownSweep(String)
  /// No run has this identity, or an identity that starts like this.
  case unknownRun(String)
  /// Several runs' identities start like this.
  case ambiguousRun(String, matches: [String])
  /// What the store keeps was deleted, moved or replaced while it was in use.
  case storeGone(path: String, problem: String)
  /// The registration contradicts itself or the store.
  case invalidRegistration(sweep: String, problem: String)
  /// Results are imported under the name of a sweep that has other content.
  case nameTaken(sweep: String, id: Int64)

  /// One sentence that tells what was asked for and why it cannot be had.
  public var description: String {
    switch self {
    case .leaseLost(let lease):
      "run \(lease.run.short) is no longer held by attempt \(lease.attempt): another process took it over or it ended"
    case .unknownSweep(let name): "there is no sweep \"\(name)\" in the store"
    case .unknownRun(let prefix):
      "there is no run \"\(prefix)\" in the store: `labrun list` shows sweeps, and `labrun list SWEEP` its runs"
    case .ambiguousRun(let prefix, let matches):
      "run \"\(prefix)\" is ambiguous: it could be \(matches.prefix(5).joined(separator: ", "))"
        + (matches.count > 5 ? " or \(matches.count - 5) more" : "")
    case .storeGone(let path, let problem):
      "the results database \(path) \(problem) while it was in use: nothing more can be stored in it"
    case .nameTaken(let sweep, let id):
      "there is a sweep \"\(sweep)\" already (number \(id)), and it has other content than this import: import under "
        + "another name, by --name"
    case .invalidRegistration(let sweep, let problem): "sweep \"\(sweep)\" cannot be stored: \(problem)"
    }
  }
}

/// An error that tells what follows from it for the run that met it and for others.
public protocol RunFailure: Error {
  /// Whether the machine and not the run is to blame (no space, no permission, a locked store), so that going on
  /// with other runs is pointless and the run deserves another attempt later.
  var endsSweep: Bool { get }

  /// Whether the run's next attempt mends what is wrong, such as files that do not fit together, so that it is made by
  /// itself.
  var isRetriable: Bool { get }
}

extension RunFailure {
  /// Nothing mends itself unless an error says so.
  public var isRetriable: Bool { false }
}

extension RunStoreError: RunFailure {
  /// Whether the store itself is gone, for every run.
  public var endsSweep: Bool { if case .storeGone = self { true } else { false } }
}

extension FileError: RunFailure {
  /// Whether nothing more can be written: the disk is full or mounted for reading only.
  public var endsSweep: Bool { isDiskFull || code == EROFS }
}
