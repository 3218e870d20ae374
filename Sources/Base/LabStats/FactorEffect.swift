/// The mean of a factor's level over all other factors and seeds.
public struct MarginalMean: Sendable, Hashable {
  /// The mean of the cells' means.
  public let mean: Double
  /// The standard deviation over all runs, whatever their cell and seed; nil for a single run.
  public let standardDeviation: Double?
  /// The number of runs.
  public let runCount: Int
  /// The number of combinations of the other factors' levels.
  public let cellCount: Int
}

/// An effect estimated from matched runs.
public struct FactorEffect: Sendable, Hashable {
  /// The effect and its uncertainty over the repetitions.
  ///
  /// Its means are those of the matched runs; of an interaction, they are the two effects that it is the difference of.
  public let difference: PairedDifference
  /// What counted as a repetition.
  public let unit: FactorialSample.ReplicationUnit
  /// The number of matches.
  public let matchCount: Int
  /// The number of matches with a positive difference.
  public let positiveCount: Int
  /// The number of matches with a negative difference.
  public let negativeCount: Int
}
