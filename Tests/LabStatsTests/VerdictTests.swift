import LabStats
import Testing

@Suite struct VerdictTests {
  private func verdict(_ lower: Double, _ upper: Double, _ effect: Double? = 0.5, higher: Bool = true) -> Verdict {
    Verdict(
      interval: ConfidenceInterval(lower: lower, upper: upper, level: 0.95), smallestEffect: effect,
      higherIsBetter: higher)
  }

  @Test func intervalsDecide() {
    #expect(verdict(0.1, 0.9) == .better && verdict(-0.9, -0.1) == .worse)
    #expect(verdict(0.1, 0.9, higher: false) == .worse && verdict(-0.9, -0.1, higher: false) == .better)
    #expect(verdict(-0.6, 0.2) == .undecided && verdict(-0.4, 0.5) == .equivalent)
    #expect(verdict(-0.4, 0.4, nil) == .undecided)
    #expect(Verdict(interval: nil, smallestEffect: 1) == .undecided)
  }

  @Test func knownButSmallDifferencesAreEquivalences() {
    #expect(verdict(0.1, 0.4) == .equivalent && verdict(0.1, 0.4, nil) == .better)
  }

  @Test func openIntervalsAreNeverEquivalent() {
    #expect(verdict(-0.1, .infinity) == .undecided && verdict(0.1, .infinity) == .better)
    #expect(verdict(-.infinity, 0.1) == .undecided)
  }
}
