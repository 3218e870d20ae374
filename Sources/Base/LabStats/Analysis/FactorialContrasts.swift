/// What combinations of factors' levels say of the levels: effects, interactions and means over all other factors.
///
/// Everything is a mean over combinations of equal weight, and a difference is one over the combinations of the other
/// factors in which each of its parts was measured.
public struct FactorialContrasts: Sendable {
  /// A change of one factor's level.
  public typealias Change = FactorialAnalysis.Change

  /// A combination of treatments' means.
  public struct Weights: Sendable, Hashable {
    /// The weight of each treatment; of a contrast they sum to zero.
    public let weights: [Int: Double]
    /// The number of combinations of the other factors that it is the mean over.
    public let combinationCount: Int
  }

  private let fit: BlockedFit
  /// The treatments of the combinations that were measured, in their order.
  private let combinations: [(levels: [Int], treatment: Int)]
  private let treatments: [[Int]: Int]

  /// Looks at the combinations of a fit.
  ///
  /// - Parameters:
  ///   - fit: the fit of treatments and blocks.
  ///   - levels: the level of each factor, one array a treatment; no two are the same.
  ///   - included: the treatments that count; nil for all.
  public init(_ fit: BlockedFit, levels: [[Int]], among included: Set<Int>? = nil) {
    precondition(levels.count == fit.sample.treatmentCount, "there are levels for every treatment")
    self.fit = fit
    let measured = fit.estimableGroups.flatMap { $0 }.sorted().filter { included?.contains($0) ?? true }
    combinations = measured.map { (levels[$0], $0) }
    treatments = Dictionary(combinations.map { ($0.levels, $0.treatment) }) { _, last in last }
  }

  /// The effect of one change, or the interaction of several: by how much the effect of one depends on the others.
  ///
  /// Two changes give the difference of differences (a, b) − (a₀, b) − ((a, b₀) − (a₀, b₀)), three the difference of two
  /// such, and so on.
  ///
  /// - Returns: nil where no combination of the other factors has all parts.
  public func effect(_ changes: [Change]) -> Weights? {
    contrast(changes) { combination in
      (0..<(1 << changes.count)).map { choice in
        var corner = combination
        for (index, change) in changes.enumerated() where choice >> index & 1 == 1 {
          corner[change.factor] = change.baseline
        }
        return (corner, choice.nonzeroBitCount.isMultiple(of: 2) ? 1 : -1)
      }
    }
  }

  /// The difference that several changes make together.
  ///
  /// - Returns: nil where no combination of the other factors has both parts.
  public func difference(_ changes: [Change]) -> Weights? {
    contrast(changes) { combination in
      var reference = combination
      for change in changes { reference[change.factor] = change.baseline }
      return [(combination, 1), (reference, -1)]
    }
  }

  /// The mean of the adjusted means of all combinations that have some levels.
  ///
  /// - Parameter levels: the fixed level of one or more factors, by factor index.
  /// - Returns: nil where there are none, or where they share no chain of blocks, so that their means are over different
  ///   blocks.
  public func mean(at levels: [Int: Int]) -> Double? {
    let found = combinations.filter { combination in levels.allSatisfy { combination.levels[$0.key] == $0.value } }
    let means = found.compactMap { fit.adjustedMeans[$0.treatment] }
    guard let first = found.first, means.count == found.count,
      found.allSatisfy({ fit.place(of: $0.treatment)?.component.treatments.contains(first.treatment) ?? false })
    else { return nil }
    return Bootstrap.mean(means)
  }

  private func contrast(
    _ changes: [Change], corners: ([Int]) -> [(levels: [Int], sign: Double)]
  ) -> Weights? {
    guard !changes.isEmpty, Set(changes.map(\.factor)).count == changes.count else { return nil }
    var weights = [Int: Double]()
    var count = 0
    for (combination, _) in combinations where changes.allSatisfy({ combination[$0.factor] == $0.level }) {
      let corners = corners(combination)
      var parts = [Int: Double]()
      for (levels, sign) in corners {
        if let treatment = treatments[levels] { parts[treatment, default: 0] += sign }
      }
      guard parts.count == corners.count, fit.contrast(parts) != nil else { continue }
      weights.merge(parts, uniquingKeysWith: +)
      count += 1
    }
    return count == 0 ? nil : Weights(weights: weights.mapValues { $0 / Double(count) }, combinationCount: count)
  }
}
