import LabCore
import LabStats
import Testing

@Suite struct SeedPlanningTests {
  @Test func noncentralTMatchesR() throws {
    let entry = try #require(fixture("analysis")["noncentral"])
    let (t, degrees, delta) = (entry["t"]?.numbers ?? [], entry["df"]?.numbers ?? [], entry["delta"]?.numbers ?? [])
    #expect(t.count == 6)
    for (index, expected) in (entry["p"]?.numbers ?? []).enumerated() {
      let distribution = NoncentralT(degreesOfFreedom: degrees[index], noncentrality: delta[index])
      #expect(abs(distribution.cumulativeProbability(t[index]) - expected) < 1e-10)
      #expect(abs(distribution.survival(t[index]) + expected - 1) < 1e-10)
    }
  }

  @Test func noncentralTOfBrokenDegreesMatchesDirectIntegration() throws {
    let cases = try fixture("simultaneous")["broken_degrees"]?.arrayValue ?? []
    #expect(cases.count == 28)
    for entry in cases {
      let distribution = NoncentralT(degreesOfFreedom: entry.number("df"), noncentrality: entry.number("delta"))
      let (value, expected) = (distribution.cumulativeProbability(entry.number("t")), entry.number("p"))
      #expect(abs(value - expected) < 1e-12, "\(entry): \(value)")
    }
  }

  @Test func chiSquareMatchesSciPy() throws {
    for entry in try fixture("simultaneous")["chi_square"]?.arrayValue ?? [] {
      let distribution = ChiSquare(degreesOfFreedom: entry.number("df"))
      for (index, probability) in (entry["probabilities"]?.numbers ?? []).enumerated() {
        let quantile = entry["quantiles"]?.numbers[index] ?? .nan
        #expect(isClose(distribution.quantile(probability), quantile, 1e-11))
        #expect(isClose(distribution.cumulativeProbability(quantile), probability, 1e-11))
        #expect(isClose(distribution.survival(quantile), 1 - probability, 1e-11))
      }
    }
    #expect(ChiSquare(degreesOfFreedom: 3).cumulativeProbability(0) == 0)
  }

  @Test func powerMatchesR() throws {
    let cases = try fixture("analysis")["power"]?.arrayValue ?? []
    #expect(cases.count == 3)
    for entry in cases {
      // R's standard deviation is that of the differences.
      let plan = SeedPlanning(
        deviation: 1 / 2.0.squareRoot(), degreesOfFreedom: 10, variantCount: 2, family: .single)
      let (seeds, effect) = (Int(entry.number("n")), entry.number("effect"))
      #expect(abs(plan.power(effect: effect, seedCount: seeds) - entry.number("power")) < 1e-9)
      let needed = try #require(plan.seedCount(effect: effect, power: entry.number("power") - 1e-6))
      #expect(needed == seeds)
    }
  }

  @Test func referenceResultHasItsPlan() throws {
    let fit = BlockedFit(BlockedSample(try fixture("analysis")["fits"]?["reference"]?["values"]))
    let plan = try #require(SeedPlanning(fit))
    let dunnett = DunnettComparison(fit, baseline: 0)
    #expect(isClose(plan.criticalValue(seedCount: 3), dunnett.criticalValue ?? .nan, 1e-12))
    #expect(isClose(plan.halfWidth(seedCount: 3), dunnett.comparisons[0].interval?.halfWidth ?? .nan, 1e-12))
    let seeds = try #require(plan.seedCount(halfWidth: 0.5))
    #expect(plan.halfWidth(seedCount: seeds) <= 0.5 && plan.halfWidth(seedCount: seeds - 1) > 0.5)
    let found = try #require(plan.seedCount(effect: 0.6))
    #expect(plan.power(effect: 0.6, seedCount: found) >= 0.8 && plan.power(effect: 0.6, seedCount: found - 1) < 0.8)
    let interval = plan.deviationInterval()
    #expect(interval.contains(plan.deviation) && interval.upper < 1.3 * plan.deviation)
    #expect((plan.with(deviation: interval.upper).seedCount(halfWidth: 0.5) ?? 0) > seeds)
    #expect(plan.seedCount(halfWidth: 1e-6) == nil)
    let pairs = try #require(SeedPlanning(fit, family: .allPairs))
    #expect(pairs.criticalValue(seedCount: 3) > plan.criticalValue(seedCount: 3))
  }

  @Test func precisionDecidesByWidthAlone() {
    let rule = SequentialPrecision(halfWidth: 0.3, maximumSeedCount: 20)
    #expect(rule.step(widest: 0.2, seedCount: 3) == .add(2))
    #expect(rule.step(widest: 0.3, seedCount: 5) == .stop)
    // Twice the width needs four times the seeds, of which half the way is gone at once.
    #expect(rule.step(widest: 0.6, seedCount: 5) == .add(8))
    #expect(rule.step(widest: 3, seedCount: 5) == .add(8))
    #expect(rule.step(widest: 0.31, seedCount: 19) == .add(1) && rule.step(widest: 0.31, seedCount: 20) == .exhausted)
    #expect(rule.step(widest: nil, seedCount: 1) == .add(4))
    #expect(SequentialPrecision(halfWidth: 1, maximumSeedCount: 4).step(widest: 0.5, seedCount: 4) == .stop)
  }
}
