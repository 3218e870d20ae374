/// Why a difference is only a number: what keeps an interval, a p-value and an effect size from being had of it.
///
/// Tests of means take the spread of the repetitions for the measure of chance. Where repetitions are too few to show
/// any, or where all of them agree because the metric is coarse (a share of thirty images), a test would be certain of
/// what it cannot know.
public enum DifferenceCaveat: Sendable, Hashable {
  /// There are fewer repetitions than ``smallestCount``.
  case tooFewRepetitions(Int)
  /// All differences are the same, and not zero.
  case equalDifferences(count: Int)
  /// All differences are zero.
  case onlyTies(count: Int)
  /// One of two unrelated samples has fewer values than ``smallestCount``.
  case tooFewValues(treatment: Int, reference: Int)
  /// The values of one or both of two unrelated samples are all the same.
  case samplesWithoutSpread(treatment: Bool, reference: Bool)

  /// The least number of repetitions that a difference is judged by.
  ///
  /// All that two say of the spread is how far they lie apart, which is next to nothing as often as they happen to agree.
  public static let smallestCount = 3
}
