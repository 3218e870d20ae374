import LabCore
import LabStats
import Testing

/// What cannot be judged: too few repetitions, and metrics so coarse that repetitions agree exactly.
@Suite struct DifferenceCaveatTests {
  private typealias Pair = (treatment: Double, reference: Double)

  @Test func sharesOfThirtyImagesMatchSciPyOnWholeCounts() throws {
    let entries = try fixture("coarse")["coarse"]?.arrayValue ?? []
    #expect(entries.count == 150)
    var seen: [String: Int] = [:]
    for entry in entries {
      let pairs = zip(entry["first"]?.numbers ?? [], entry["second"]?.numbers ?? [])
      let paired = try #require(PairedDifference(pairs: pairs.map { ($0, $1) }))
      let count = paired.summary.count
      seen[entry["caveat"]?.stringValue ?? "none", default: 0] += 1
      switch entry["caveat"]?.stringValue {
      case "few": #expect(paired.caveat == .tooFewRepetitions(count))
      case "ties": #expect(paired.caveat == .onlyTies(count: count))
      case "equal": #expect(paired.caveat == .equalDifferences(count: count))
      default:
        #expect(paired.caveat == nil)
        #expect(isClose(paired.pValue, entry.number("p"), 1e-9))
        #expect(abs((paired.interval()?.lower ?? .nan) - entry.number("lower")) < 1e-12)
        #expect(abs((paired.interval()?.upper ?? .nan) - entry.number("upper")) < 1e-12)
        continue
      }
      if count > 2 {
        #expect(paired.pValue == nil && paired.tStatistic == nil && paired.cohenDz == nil)
        for method in IntervalMethod.allCases { #expect(paired.interval(method: method) == nil) }
      }
    }
    #expect(seen == ["few": 64, "ties": 3, "equal": 27, "none": 56])
  }

  @Test func unrelatedSharesOfThirtyImagesMatchSciPy() throws {
    var judged = 0
    for entry in try fixture("coarse")["coarse"]?.arrayValue ?? [] {
      let welch = try #require(
        WelchDifference(treatment: entry["first"]?.numbers ?? [], reference: entry["other"]?.numbers ?? []))
      let expected = try #require(entry["unpaired"])
      switch expected["caveat"]?.stringValue {
      case "few":
        #expect(welch.caveat == .tooFewValues(treatment: welch.treatment.count, reference: welch.reference.count))
      case "spread":
        #expect(
          welch.caveat
            == .samplesWithoutSpread(
              treatment: expected["treatment"] == true, reference: expected["reference"] == true))
      default:
        judged += 1
        #expect(welch.caveat == nil)
        #expect(isClose(welch.pValue, expected.number("p"), 1e-9))
      }
    }
    #expect(judged == 51)
  }

  @Test func roundingIsNoSpread() throws {
    // One image of thirty each time, in two different numbers.
    let pairs: [Pair] = [(28.0, 27.0), (25, 24), (23, 22)].map { ($0.0 / 30, $0.1 / 30) }
    #expect(Set(pairs.map { $0.treatment - $0.reference }).count > 1)
    #expect(try #require(PairedDifference(pairs: pairs)).caveat == .equalDifferences(count: 3))
    // One image of a million in one of three pairs is spread.
    let fine: [Pair] = [(0.75, 0.5), (0.5, 0.25), (0.750001, 0.5)]
    #expect(try #require(PairedDifference(pairs: fine)).caveat == nil)
    // Small losses are not equal because they are small.
    let small: [Pair] = [(3e-9, 1e-9), (4e-9, 1e-9), (6e-9, 2e-9)]
    #expect(try #require(PairedDifference(pairs: small)).caveat == nil)
    // What was computed from large numbers carries their rounding.
    #expect(try #require(PairedDifference(pairs: small, magnitude: 1e9)).caveat == .onlyTies(count: 3))
  }

  @Test func meansAreThoseOfTheSharedUnits() throws {
    let paired = try #require(
      PairedDifference(treatment: [0: 0.8101, 1: 0.7, 2: 0.6], reference: [1: 0.75, 2: 0.7, 3: 0.9]))
    #expect(isClose(paired.treatmentMean, 0.65) && isClose(paired.referenceMean, 0.725))
    #expect(isClose(paired.mean, -0.075))
    #expect(try #require(PairedDifference(differences: [1, 2])).treatmentMean == nil)
  }

  @Test func interactionsOfAnAdditiveModelTie() throws {
    // 0.1 · a + 0.7 · b + seed: every difference of differences is zero but for rounding.
    var observations = [FactorialSample.Observation]()
    for seed in UInt64(0)..<4 {
      for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let value = 0.1 * Double(a) + 0.7 * Double(b) + 0.013 * Double(seed)
        observations.append(.init(levels: [a, b], seed: seed, value: value))
      }
    }
    let sample = FactorialSample(observations)
    let interaction = try #require(
      sample.interaction(of: (factor: 0, level: 1, baseline: 0), with: (factor: 1, level: 1, baseline: 0)))
    #expect(interaction.difference.caveat == .onlyTies(count: 4))
    let effect = try #require(sample.mainEffect(of: 0, level: 1, baseline: 0))
    #expect(effect.difference.caveat == .equalDifferences(count: 4))
    #expect(isClose(effect.difference.treatmentMean.map { $0 - 0.1 }, effect.difference.referenceMean ?? 0))
  }
}
