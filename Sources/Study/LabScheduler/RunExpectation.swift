/// What a plan expects of a run.
public struct RunExpectation: Sendable, Hashable {
  /// The memory at its peak, in bytes.
  public var bytes: Int?
  /// The time from its start to its end in seconds.
  public var seconds: Double?

  /// Creates an expectation.
  public init(bytes: Int? = nil, seconds: Double? = nil) {
    self.bytes = bytes
    self.seconds = seconds
  }
}
