/// How the interval of a mean difference is computed.
public enum IntervalMethod: String, Sendable, Hashable, Codable, CaseIterable {
  /// Student's t: exact for normal differences, and the only one that is any good with three seeds.
  case studentT = "t"
  /// Percentiles of the bootstrap distribution.
  case percentileBootstrap = "percentile"
  /// The bias-corrected and accelerated bootstrap.
  case acceleratedBootstrap = "bca"
}
