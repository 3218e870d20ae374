extension ConfidenceInterval {
  /// The interval of a share, from how many of so many have a property.
  ///
  /// It keeps its level near 0 and 1 and for few trials, where an interval of equal lengths leaves [0, 1].
  ///
  /// - Parameters:
  ///   - successes: how many have it.
  ///   - trials: how many there are, at least 1.
  ///   - level: the confidence level, in (0, 1).
  /// - Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927; Brown, Cai
  ///   and DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16, 2001.
  public static func wilson(successes: Int, trials: Int, level: Double = 0.95) -> ConfidenceInterval {
    precondition(trials > 0 && 0...trials ~= successes, "successes are among the trials")
    precondition(level > 0 && level < 1, "a confidence level lies between 0 and 1")
    let z = -StandardNormal().quantile((1 - level) / 2)
    let (n, share) = (Double(trials), Double(successes) / Double(trials))
    let center = (share + z * z / (2 * n)) / (1 + z * z / n)
    let halfWidth = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return ConfidenceInterval(
      lower: successes == 0 ? 0 : center - halfWidth, upper: successes == trials ? 1 : center + halfWidth, level: level)
  }
}
