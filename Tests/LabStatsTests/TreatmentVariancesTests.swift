import LabCore
import LabStats
import Testing

/// Variances of treatments and what is judged by them, against `Fixtures/make_moderated.py`.
@Suite struct TreatmentVariancesTests {
  private static let names = ["reference", "alike", "noisy baseline", "wild", "missing", "apart", "hidden"]

  private func expected(_ name: String) throws -> JSONValue {
    try #require(fixture("moderated").arrayValue?.first { $0["name"]?.stringValue == name })
  }

  @Test(arguments: names) func variancesMatchNumPy(_ name: String) throws {
    let expected = try expected(name)
    let variances = TreatmentVariances(
      BlockedFit(BlockedSample(expected["values"])), reference: Int(expected.number("reference")))
    #expect(isClose(variances.commonVariance, expected.number("common"), 1e-10))
    #expect(isClose(variances.commonDegreesOfFreedom, expected.number("df")))
    #expect(variances.excluded == (expected["excluded"]?.numbers ?? []).map { Int($0) })
    for (treatment, row) in (expected["variances"]?.rows ?? []).enumerated() {
      let own = variances.moderated.first { $0.treatment == treatment }
      #expect((own == nil) == (row[2] == 1), "\(treatment)")
      guard let own else { continue }
      #expect(isClose(own.value, row[0], 1e-10) && isClose(own.degreesOfFreedom, row[1], 1e-9))
      #expect(abs(own.weightOfOthers - row[2]) < 1e-10 && own.ratio > 1)
    }
  }

  @Test(arguments: names) func comparisonsMatchNumPy(_ name: String) throws {
    let expected = try expected(name)
    let fit = BlockedFit(BlockedSample(expected["values"]))
    let variances = TreatmentVariances(fit, reference: 0)
    let dunnett = DunnettComparison(fit, variances: variances, baseline: 0)
    let rows = expected["comparisons"]?.arrayValue ?? []
    #expect(dunnett.comparisons.count == rows.count && !rows.isEmpty)
    for (comparison, row) in zip(dunnett.comparisons, rows) {
      let contrast = comparison.contrast
      #expect(comparison.treatment == Int(row.number("treatment")))
      #expect(abs(contrast.estimate - row.number("estimate")) < 1e-9)
      #expect(isClose(contrast.standardError, row.number("error"), 1e-9))
      #expect(isClose(contrast.degreesOfFreedom, row.number("df"), 1e-8))
      #expect(isClose(comparison.pValue, row.number("p"), 1e-7))
      guard let critical = row["critical"]?.doubleValue else { continue }
      #expect(isClose(comparison.interval?.halfWidth, critical * row.number("error"), 1e-6))
      #expect(comparison.interval?.contains(0) == ((comparison.adjustedPValue ?? 0) > 0.05))
    }
  }

  @Test(arguments: names) func effectSizesMatchSciPy(_ name: String) throws {
    let expected = try expected(name)
    let fit = BlockedFit(BlockedSample(expected["values"]))
    let variances = TreatmentVariances(fit, reference: 0)
    for row in expected["comparisons"]?.arrayValue ?? [] {
      let treatment = Int(row.number("treatment"))
      let effect = try #require(EffectSize(fit, variances: variances, of: treatment, to: 0))
      let interval = try #require(effect.hedgesGInterval())
      let numbers = row["g"]?.numbers ?? []
      try #require(numbers.count == 3)
      #expect(abs((effect.hedgesG ?? .nan) - numbers[0]) < 1e-9 * max(1, abs(numbers[0])))
      #expect(abs(interval.lower - numbers[1]) < 1e-7 * max(1, abs(numbers[1])), "\(row)")
      #expect(abs(interval.upper - numbers[2]) < 1e-7 * max(1, abs(numbers[2])), "\(row)")
      // It says of 0 what the comparison's own interval says.
      let single = variances.difference(of: treatment, to: 0)?.interval()
      #expect(interval.contains(0) == single?.contains(0))
    }
  }

  @Test func noncentralitiesAreThoseOfTheirDistribution() {
    for (t, degrees) in [(0.0, 1.0), (2.5, 2), (-4, 4.6), (12, 22), (0.3, 400)] {
      for probability in [0.001, 0.025, 0.5, 0.975] {
        let found = NoncentralT.noncentrality(of: t, degreesOfFreedom: degrees, cumulativeProbability: probability)
        let distribution = NoncentralT(degreesOfFreedom: degrees, noncentrality: found)
        #expect(isClose(distribution.cumulativeProbability(t), probability, 1e-9), "\(t) \(degrees) \(probability)")
      }
    }
  }

  @Test func alikeTreatmentsShareAllOfTheirResidual() throws {
    let stream = RandomStream(seed: 3, name: "alike")
    // Every treatment has the same deviations but for their order, so that none varies more than the others.
    let rows = (0..<5).map { t in (0..<5).map { stream.normal(0, UInt64((t + $0) % 5)) + Double(t) } }
    let fit = BlockedFit(BlockedSample(rows: rows))
    let variances = TreatmentVariances(fit, reference: 0)
    #expect(variances.isCommon && variances.commonDegreesOfFreedom == 16)
    let (moderated, common) = (
      DunnettComparison(fit, variances: variances, baseline: 0), DunnettComparison(fit, baseline: 0)
    )
    #expect(moderated.comparisons == common.comparisons && moderated.criticalValue == common.criticalValue)
    #expect(TukeyComparison(fit, variances: variances).comparisons == TukeyComparison(fit).comparisons)
  }

  @Test func whatVariesBeyondDoubtTakesNothingFromTheOthers() throws {
    let expected = try expected("wild")
    let rows = expected["values"]?.rows ?? []
    let variances = TreatmentVariances(BlockedFit(BlockedSample(rows: rows)), reference: 0)
    #expect(variances.excluded == [3])
    let ordinary = rows.enumerated().filter { $0.offset != 3 }.map(\.element)
    let others = TreatmentVariances(BlockedFit(BlockedSample(rows: ordinary)), reference: 0)
    for (treatment, other) in zip([1, 2, 4, 7], [1, 2, 3, 6]) {
      let (contrast, alone) = (variances.difference(of: treatment, to: 0), others.difference(of: other, to: 0))
      #expect(isClose(contrast?.standardError, alone?.standardError ?? 0, 1e-9))
      #expect(isClose(contrast?.degreesOfFreedom, alone?.degreesOfFreedom ?? 0, 1e-9))
      #expect(variances.isModerated([treatment: 1, 0: -1]))
    }
    #expect((variances.difference(of: 3, to: 0)?.degreesOfFreedom ?? 9) < 5)
  }

  /// Treatments that fail in the same block vary no more than each other.
  @Test func whatHidesAnotherIsFoundWithIt() throws {
    let rows = try expected("hidden")["values"]?.rows ?? []
    let variances = TreatmentVariances(BlockedFit(BlockedSample(rows: rows)), reference: 0)
    #expect(Set([1, 2, 3]).isSubset(of: variances.excluded))
    #expect(variances.commonVariance < 0.25, "\(variances.commonVariance)")
    let difference = try #require(variances.difference(of: 8, to: 0))
    #expect((difference.standardError ?? 9) < 0.3)
  }

  /// The effect of a level is judged by the variances of its treatments, as their difference is.
  @Test func effectsHaveTheVariancesOfTheirTreatments() throws {
    let rows = try expected("hidden")["values"]?.rows ?? []
    let fit = BlockedFit(BlockedSample(rows: rows))
    let variances = TreatmentVariances(fit, reference: 0)
    let analysis = FactorialAnalysis(fit, levels: rows.indices.map { [$0] })
    for treatment in 1..<rows.count {
      let effect = try #require(analysis.effect(of: 0, level: treatment, to: 0, variances: variances))
      #expect(effect.contrast == variances.difference(of: treatment, to: 0))
    }
    let common = try #require(analysis.effect(of: 0, level: 8, to: 0)?.contrast.standardError)
    #expect(common > 20 * (variances.difference(of: 8, to: 0)?.standardError ?? common))
  }

  /// Where only one treatment varies at all, nothing is known of the others but that they are constant.
  @Test func constantTreatmentsHaveNoStandardError() {
    let variances = TreatmentVariances(
      BlockedFit(BlockedSample(rows: [[1, 2, 3], [2, 3, 4], [5, 6, 7], [4, 9, 2], [0, 1, 2]])), reference: 0)
    #expect(variances.excluded == [3] && variances.commonVariance == 0)
    #expect(variances.difference(of: 1, to: 0)?.standardError == nil)
    let noisy = variances.difference(of: 3, to: 0)
    #expect(isClose(noisy?.degreesOfFreedom, 2) && (noisy?.standardError ?? 0) > 1)
  }

  @Test func fewBlocksTellNoVariancesApart() {
    let fit = BlockedFit(BlockedSample(rows: [[1, 2], [5, 90], [3, 4.2], [1, 3]]))
    let variances = TreatmentVariances(fit, reference: 0)
    #expect(variances.isCommon && variances.difference(of: 1, to: 0)?.degreesOfFreedom == 3)
  }

  /// Critical values of many different degrees of freedom are interpolated.
  @Test func manyDegreesOfFreedomHaveTheirCriticalValues() throws {
    let stream = RandomStream(seed: 8, name: "degrees")
    func deviation(_ treatment: Int) -> Double { treatment.isMultiple(of: 3) ? 4 : 1 }
    let rows = (0..<300).map { t in (0..<4).map { deviation(t) * stream.normal(UInt64(t), UInt64($0)) } }
    let fit = BlockedFit(BlockedSample(rows: rows))
    let dunnett = DunnettComparison(fit, variances: TreatmentVariances(fit, reference: 1), baseline: 1)
    let distribution = try #require(dunnett.distribution)
    #expect(Set(dunnett.comparisons.map(\.contrast.degreesOfFreedom)).count > 40)
    for comparison in dunnett.comparisons.prefix(60) {
      let degrees = comparison.contrast.degreesOfFreedom
      let exact = distribution.with(degreesOfFreedom: degrees).criticalValue(level: 0.95)
      let factor = comparison.interval.map { $0.halfWidth / (comparison.contrast.standardError ?? 1) }
      #expect(isClose(factor, exact, 1e-7), "\(degrees)")
    }
  }
}
