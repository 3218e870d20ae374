import LabCore
import LabGraph

/// A naive interpreter in double precision: the oracle that other backends and gradient rules are tested against.
///
/// It follows the operations' definitions literally, one node after the other on one thread, and converts to single
/// precision only where the caller reads or writes floats.
public struct ReferenceBackend: Backend {
  /// Creates the backend.
  public init() {}

  /// The name in provenance and messages.
  public var name: String { Self.name }
  static let name = "reference"

  /// The entry of registries.
  public static let definition = BackendDefinition(
    name, "A plain interpreter in double precision, slow, to check other backends with."
  ) { _ in ReferenceBackend() }

  public func remark(on precision: Precision) -> String? {
    precision == .float32 ? nil : "the backend \(name) computes in double precision whatever the precision says"
  }

  /// Starts a session.
  public func makeSession(_ options: SessionOptions = SessionOptions()) -> any Session {
    makeReferenceSession(options)
  }

  /// Starts a session whose double precision can be read and written.
  public func makeReferenceSession(_ options: SessionOptions = SessionOptions()) -> ReferenceSession {
    ReferenceSession(options)
  }
}
