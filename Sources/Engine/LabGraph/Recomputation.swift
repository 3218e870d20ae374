/// What the backward pass computes again instead of keeping it from the forward pass.
public enum Recomputation: String, Sendable, Codable, CaseIterable {
  /// Normalizations and activations of what is kept in any case, which takes no time.
  case normalizations
  /// 1×1 convolutions to at least three times as many channels, too: the expansions of light networks and of bottlenecks, which
  /// are most of what these keep.
  ///
  /// - Source: Chen et al., "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174, of which this is the case
  ///   that costs the least time for its memory.
  case expansions
}
