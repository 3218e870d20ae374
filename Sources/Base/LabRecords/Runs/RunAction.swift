/// What a sweep does with a run.
public enum RunAction: String, Hashable, Sendable, Codable, CaseIterable {
  /// It is trained from its beginning.
  case run
  /// It is trained on from its checkpoint.
  case resume
  /// Its result is there already.
  case reuse
  /// It is left alone: it has ended without a result, or another process trains it now.
  case skip
}
