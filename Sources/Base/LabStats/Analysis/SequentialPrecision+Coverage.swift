extension SequentialPrecision {
  /// The coverage that families of 95 % intervals had, in simulated experiments that stopped by the rule with five seeds or
  /// more.
  ///
  /// Of 20,000 experiments of normal errors each, the percentage in which all comparisons with the baseline covered at once
  /// (Dunnett's intervals of the common residual, whose width decides), with the mean number of seeds in brackets, at most 80:
  ///
  /// | variants | ± 1.5 deviations | ± 1.0 deviation | ± 0.7 deviations |
  /// | -------- | ---------------- | --------------- | ---------------- |
  /// | 2        | 94.3 (6.8)       | 92.6 (11.5)     | 92.1 (20.7)      |
  /// | 3        | 94.5 (6.5)       | 93.1 (11.6)     | 93.4 (22.2)      |
  /// | 4        | 94.1 (6.5)       | 93.5 (12.3)     | 94.2 (24.0)      |
  /// | 6        | 94.2 (6.8)       | 94.3 (13.6)     | 94.9 (26.7)      |
  /// | 12       | 94.2 (7.5)       | 94.4 (15.8)     | 95.0 (31.5)      |
  ///
  /// Where pairs decide (Bonferroni), families of three variants and more covered 94.2 or more.
  ///
  /// `Tests/LabStatsTests/Fixtures/simulate_precision.py` has simulated them.
  ///
  /// - Parameter variantCount: the number of variants, the baseline included.
  /// - Returns: the least and the largest coverage over precisions.
  public static func simulatedCoverage(variantCount: Int) -> ClosedRange<Double> {
    switch variantCount {
    case ...2: 0.921...0.943
    case 3..<6: 0.931...0.945
    default: 0.942...0.950
    }
  }
}
