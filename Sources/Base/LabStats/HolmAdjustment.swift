/// Holm's step-down correction of p-values for their number.
public enum HolmAdjustment {
  /// The adjusted p-values: rejecting those below α keeps the chance of any false rejection below α.
  ///
  /// Comparisons without a p-value stay without one and do not count.
  ///
  /// - Source: Holm, Scandinavian Journal of Statistics 6 (1979).
  public static func adjusted(_ pValues: [Double?]) -> [Double?] {
    let known = pValues.indices.compactMap { index in pValues[index].map { (index: index, value: $0) } }
      .sorted { ($0.value, $0.index) < ($1.value, $1.index) }
    var adjusted = [Double?](repeating: nil, count: pValues.count)
    var largest = 0.0
    for (position, entry) in known.enumerated() {
      largest = max(largest, min(1, Double(known.count - position) * entry.value))
      adjusted[entry.index] = largest
    }
    return adjusted
  }
}
