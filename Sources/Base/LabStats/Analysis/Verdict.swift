/// What a comparison's interval says, in a word.
///
/// All four are read from the one interval that is printed. With a simultaneous interval, all verdicts of a family hold
/// at once with its confidence: the direction of differences as well as equivalences. Equivalence by the interval that
/// is used for differences is stricter than the two one-sided tests, whose interval is that of 1 − 2α, and spares the
/// reader a second interval that says other things than the first.
///
/// A difference that is known to be too small to matter is an equivalence, even where its direction is known.
///
/// - Source: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987; Berger and Hsu, Statistical Science
///   11, 1996; Goeman, Solari and Stijnen, Statistics in Medicine 29, 2010, for the three hypotheses of one interval.
public enum Verdict: String, Sendable, Hashable, Codable, CaseIterable {
  /// The interval lies on the good side of zero.
  case better
  /// The interval lies on the bad side of zero.
  case worse
  /// The interval lies within what does not matter.
  case equivalent
  /// The interval allows for more than one of the others.
  case undecided

  /// Judges a difference.
  ///
  /// - Parameters:
  ///   - interval: the difference's; nil, where there is none, leaves it undecided.
  ///   - smallestEffect: the smallest difference that matters, in the difference's unit; nil where none is named, and
  ///     nothing can be equivalent.
  ///   - higherIsBetter: whether a positive difference is good.
  public init(interval: ConfidenceInterval?, smallestEffect: Double? = nil, higherIsBetter: Bool = true) {
    guard let interval else {
      self = .undecided
      return
    }
    if let smallestEffect, interval.lower >= -smallestEffect, interval.upper <= smallestEffect {
      self = .equivalent
    } else if interval.lower > 0 {
      self = higherIsBetter ? .better : .worse
    } else if interval.upper < 0 {
      self = higherIsBetter ? .worse : .better
    } else {
      self = .undecided
    }
  }
}
