/// How far a mean difference lies from its own mean over draws of the images.
enum ImageDeviations: Sendable, Hashable {
  /// As resamples have it, in ascending order.
  case drawn([Double])
  /// As the sum of whole numbers has it, times a factor.
  case ofSum(ResampledSum, scale: Double)

  /// The least number of resamples that tell where a tail begins.
  private static let leastTail = 10.0

  /// The ends beyond which either tail has a probability.
  ///
  /// Where that is less than a few resamples, the ends are those of a few, farther out by as much as in a normal
  /// distribution.
  func ends(beyond tail: Double) -> (lower: Double, upper: Double) {
    switch self {
    case .ofSum(let sum, let scale): return (Double(sum.quantile(tail)) * scale, Double(sum.quantile(1 - tail)) * scale)
    case .drawn(let sorted):
      guard !sorted.isEmpty else { return (0, 0) }
      let known = max(tail, min(0.2, Self.leastTail / Double(sorted.count)))
      let normal = StandardNormal()
      // A tail of nothing has no end; the least number stands for it.
      let stretch = known > tail ? normal.quantile(max(tail, 1e-300)) / normal.quantile(known) : 1
      return (stretch * Bootstrap.quantile(known, of: sorted), stretch * Bootstrap.quantile(1 - known, of: sorted))
    }
  }
}
