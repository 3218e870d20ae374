import Foundation

/// The effects of a design without replication, judged by their own spread: most effects are nothing, and these tell
/// what chance does.
///
/// - Source: Lenth, Technometrics 31, 1989; Daniel, Technometrics 1, 1959, for the half-normal plot.
public struct LenthAnalysis: Sendable, Hashable {
  /// One effect's place in a half-normal plot.
  public struct Point: Sendable, Hashable {
    /// The effect's index.
    public let index: Int
    /// Its magnitude.
    public let magnitude: Double
    /// The half-normal quantile of its rank.
    public let quantile: Double
  }

  /// The effects, all with the same standard error.
  public let effects: [Double]
  /// The standard error that the small effects show.
  public let pseudoStandardError: Double
  /// The degrees of freedom that it is taken for: a third of the number of effects.
  public let degreesOfFreedom: Double
  /// The effects by their magnitude, smallest first.
  public let points: [Point]

  /// Judges effects; nil for less than three, and where half of them are zero.
  public init?(_ effects: [Double]) {
    guard effects.count > 2 else { return nil }
    let magnitudes = effects.map(abs)
    func median(_ values: [Double]) -> Double { Bootstrap.quantile(0.5, of: values.sorted()) }
    let first = 1.5 * median(magnitudes)
    guard first > 0 else { return nil }
    let small = magnitudes.filter { $0 < 2.5 * first }
    pseudoStandardError = 1.5 * median(small)
    guard pseudoStandardError > 0 else { return nil }
    self.effects = effects
    degreesOfFreedom = Double(effects.count) / 3
    let normal = StandardNormal()
    points = magnitudes.indices.sorted { (magnitudes[$0], $0) < (magnitudes[$1], $1) }.enumerated().map { rank, index in
      let share = (Double(rank) + 0.5) / Double(magnitudes.count)
      return Point(index: index, magnitude: magnitudes[index], quantile: normal.quantile(0.5 + share / 2))
    }
  }

  /// What an effect that was asked for by itself has to exceed.
  public func marginOfError(level: Double = 0.95) -> Double {
    pseudoStandardError * StudentT(degreesOfFreedom: degreesOfFreedom).criticalValue(level: level)
  }

  /// What any of all effects has to exceed.
  public func simultaneousMarginOfError(level: Double = 0.95) -> Double {
    let share = pow(level, 1 / Double(effects.count))
    return pseudoStandardError * StudentT(degreesOfFreedom: degreesOfFreedom).criticalValue(level: share)
  }
}
