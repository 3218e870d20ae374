/// Something odd about the course of a completed run, which its final numbers do not tell.
public struct HealthNote: Sendable, Codable, Hashable {
  /// The kind, as stores keep it: ``HealthCheck/kind`` of the check that made the note.
  public var kind: String
  /// What was found, in one clause with its numbers.
  public var message: String
  /// The number that the note is about, where the check has one, such as the accuracy that was lost.
  public var value: Double?

  /// Creates a note.
  public init(_ kind: String, _ message: String, value: Double? = nil) {
    self.kind = kind
    self.message = message
    self.value = value
  }
}

extension Sequence<HealthNote> {
  /// The notes in the order of ``HealthChecks/all``; those of unknown kinds, which a newer version made, come last.
  public var inOrderOfChecks: [HealthNote] {
    let ranks = Dictionary(uniqueKeysWithValues: HealthChecks.all.enumerated().map { ($1.kind, $0) })
    return sorted { (ranks[$0.kind] ?? .max, $0.kind) < (ranks[$1.kind] ?? .max, $1.kind) }
  }
}
