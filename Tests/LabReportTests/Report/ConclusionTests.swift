import LabCore
import LabReport
import LabStats
import Testing

/// Sentences claim what their intervals say, and no more.
@Suite struct ConclusionTests {
  private func sentence(
    _ difference: Double, _ ends: (Double, Double)?, metric: String = "test_accuracy", smallest: Double? = nil,
    caveat: String? = nil
  ) -> String {
    Conclusion(
      "focal", reference: "baseline", metric: MetricDescription(named: metric), difference: difference,
      interval: ends.map { ConfidenceInterval(lower: $0.0, upper: $0.1, level: 0.95) }, smallestEffect: smallest,
      caveat: caveat
    ).sentence
  }

  @Test func differencesAreSaidWithTheirIntervals() {
    #expect(
      sentence(-0.0503, (-0.0639, -0.0367))
        == "focal is worse than baseline in test accuracy by 5.03 points (95 % interval 3.67 to 6.39).")
    #expect(
      sentence(0.006, (-0.0076, 0.0196))
        == "Whether focal is better or worse than baseline in test accuracy is undecided: the difference is +0.60 points "
        + "(95 % interval −0.76 to +1.96).")
    #expect(
      sentence(-0.05, (-0.08, -0.02), metric: "test_log_loss").hasPrefix(
        "focal is better than baseline in test log loss by"))
    #expect(
      sentence(0.01, (0.004, .infinity))
        == "focal is better than baseline in test accuracy by 1.00 points (with 95 % confidence at least 0.40).")
    #expect(
      sentence(0.01, nil, caveat: "1 pair is too few to judge by")
        == "focal cannot be told from baseline in test accuracy: the difference is +1.00 points, and 1 pair is too few to "
        + "judge by.")
  }

  @Test func smallestEffectsAreJudged() {
    #expect(
      sentence(0.02, (0.006, 0.034), smallest: 0.005)
        == "focal is better than baseline in test accuracy by 2.00 points (95 % interval 0.60 to 3.40), no less than the "
        + "0.5 points that matter.")
    #expect(
      sentence(0.02, (0.001, 0.039), smallest: 0.005)
        .hasSuffix("; whether by as much as the 0.5 points that matter is undecided."))
    #expect(
      sentence(0.001, (-0.002, 0.004), smallest: 0.005)
        == "focal and baseline are equivalent in test accuracy: the difference, +0.10 points (95 % interval −0.20 to +0.40), "
        + "is smaller than the 0.5 points that matter.")
    #expect(
      sentence(0.004, (-0.002, 0.01), smallest: 0.005)
        .hasSuffix("; that it is worse by the 0.5 points that matter is excluded."))
    #expect(
      sentence(0.04, (-0.02, 0.1), metric: "test_log_loss", smallest: 0.05)
        .hasSuffix("; that it is better by the 0.05 that matter is excluded."))
  }

  @Test func roundedEndsSayWhatTheEndsDo() {
    #expect(sentence(0.01, (0.00004, 0.02)).contains("0.004 to 2.000"))
    #expect(sentence(0.01, (-0.00004, 0.02)).contains("−0.004 to +2.000"))
  }

  @Test func noSentenceClaimsMoreThanItsInterval() {
    var stream = Draws(seed: 3)
    for _ in 0..<2000 {
      let lower = stream.uniform() * 0.1 - 0.06
      let upper = lower + stream.uniform() * 0.06
      let smallest = stream.uniform() < 0.5 ? nil : stream.uniform() * 0.03
      let isLoss = stream.uniform() < 0.5
      let text = sentence(
        (lower + upper) / 2, (lower, upper), metric: isLoss ? "test_log_loss" : "test_accuracy", smallest: smallest)
      let good = isLoss ? upper < 0 : lower > 0
      let bad = isLoss ? lower > 0 : upper < 0
      #expect(!text.hasPrefix("focal is better") || good, "\(text)")
      #expect(!text.hasPrefix("focal is worse") || bad, "\(text)")
      if text.contains("equivalent") {
        #expect(smallest.map { lower >= -$0 && upper <= $0 } ?? false, "\(text)")
      }
      if text.contains("no less than") {
        #expect(smallest.map { max(lower, -upper) >= $0 } ?? false, "\(text)")
      }
      if !good, !bad, !text.contains("equivalent") { #expect(text.hasPrefix("Whether "), "\(text)") }
      if text.contains("worse by the") {
        #expect(smallest.map { isLoss ? upper < $0 : lower > -$0 } ?? false, "\(text)")
      }
      if text.contains("better by the") {
        #expect(smallest.map { isLoss ? lower > -$0 : upper < $0 } ?? false, "\(text)")
      }
    }
  }
}
