import LabCore
import LabStats
import Testing

@Suite struct SimultaneousComparisonTests {
  @Test func multivariateTMatchesDirectIntegration() throws {
    let cases = try fixture("simultaneous")["multivariate"]?.arrayValue ?? []
    #expect(cases.count == 11)
    for entry in cases {
      let loadings = entry["loadings"]?.numbers ?? []
      let count = Int(entry.number("count"))
      let distribution = MultivariateT(
        loadings: (0..<count).map { [loadings[$0 % loadings.count]] }, degreesOfFreedom: entry["df"]?.doubleValue,
        alternative: entry["two_sided"]?.booleanValue == true ? .twoSided : .greater)
      #expect(abs(distribution.criticalValue(level: 0.95) - entry.number("critical")) < 1e-8, "\(entry)")
      for (point, expected) in zip(entry["points"]?.numbers ?? [], entry["survival"]?.numbers ?? []) {
        #expect(abs(distribution.survival(point) - expected) < 1e-10)
      }
    }
  }

  @Test func singleStatisticsAreStudents() {
    for degrees in [1.0, 1.3, 2.36, 3, 3.52, 7.5, 50] {
      let distribution = MultivariateT(count: 1, correlation: 0.5, degreesOfFreedom: degrees)
      let student = StudentT(degreesOfFreedom: degrees)
      for point in [0.2, 1, 4, 12] {
        #expect(isClose(distribution.survival(point), student.twoSidedProbability(point), 1e-10))
      }
      #expect(isClose(distribution.criticalValue(level: 0.99), student.criticalValue(level: 0.99), 1e-10))
    }
  }

  @Test func severalFactorsMatchDirectIntegration() throws {
    let cases = try fixture("simultaneous")["factors"]?.arrayValue ?? []
    #expect(cases.count == 2)
    for entry in cases {
      let distribution = MultivariateT(loadings: entry["loadings"]?.rows ?? [], degreesOfFreedom: nil)
      for (point, expected) in zip(entry["points"]?.numbers ?? [], entry["survival"]?.numbers ?? []) {
        #expect(abs(distribution.survival(point) - expected) < 1e-8)
      }
    }
  }

  @Test func factorsThatAreOneAreExact() {
    // The same correlations through one factor and, turned, through three.
    let one = MultivariateT(loadings: [[0.7], [0.7], [0.5], [0.6]], degreesOfFreedom: 9)
    let root = 1 / 3.0.squareRoot()
    let three = MultivariateT(
      loadings: [0.7, 0.7, 0.5, 0.6].map { [$0 * root, $0 * root, $0 * root] }, degreesOfFreedom: 9)
    for point in [0.5, 1.5, 2.5, 3.5] { #expect(abs(one.survival(point) - three.survival(point)) < 1e-12) }
  }

  @Test func studentizedRangeMatchesSciPy() throws {
    let cases = try fixture("simultaneous")["ranges"]?.arrayValue ?? []
    #expect(cases.count == 7)
    for entry in cases {
      let distribution = StudentizedRange(
        count: Int(entry.number("count")), degreesOfFreedom: entry.number("df"))
      #expect(abs(distribution.criticalValue(level: 0.95) - entry.number("critical")) < 1e-7, "\(entry)")
      for (point, expected) in zip(entry["points"]?.numbers ?? [], entry["survival"]?.numbers ?? []) {
        #expect(abs(distribution.survival(point) - expected) < 1e-9, "\(entry)")
      }
    }
  }

  @Test func referenceResultHasItsPublishedIntervals() throws {
    let fit = BlockedFit(BlockedSample(try fixture("analysis")["fits"]?["reference"]?["values"]))
    let dunnett = DunnettComparison(fit, baseline: 0)
    #expect(abs((dunnett.criticalValue ?? 0) - 2.990) < 1e-3)
    let focal = dunnett.comparisons[0]
    #expect(focal.treatment == 1)
    #expect(abs(focal.contrast.estimate + 5.033) < 5e-4)
    #expect(abs((focal.interval?.lower ?? 0) + 6.394) < 5e-4 && abs((focal.interval?.upper ?? 0) + 3.673) < 5e-4)
    #expect(abs((focal.singleInterval?.halfWidth ?? 0) - 0.9437) < 5e-4)
    let dynamic = dunnett.comparisons[7]
    #expect(abs(dynamic.contrast.estimate - 0.6) < 1e-12)
    #expect(abs((dynamic.interval?.lower ?? 0) + 0.760) < 5e-4 && abs((dynamic.interval?.upper ?? 0) - 1.960) < 5e-4)
    #expect(abs((dynamic.adjustedPValue ?? 0) - 0.759) < 5e-4)
  }

  @Test(arguments: ["reference", "complete", "fewBlocks", "manyBlocks"]) func familiesMatchR(_ name: String) throws {
    let expected = try #require(fixture("analysis")["fits"]?[name])
    let fit = BlockedFit(BlockedSample(expected["values"]))
    let dunnett = DunnettComparison(fit, baseline: 0)
    let family = try #require(expected["dunnett"])
    // R simulates these, the critical value with its default accuracy.
    #expect(isClose(dunnett.criticalValue, family.number("critical"), 2e-3))
    for (point, expected) in zip([2.0, 3.0], family["survival"]?.numbers ?? []) {
      #expect(abs((dunnett.distribution?.survival(point) ?? .nan) - expected) < 1e-4)
    }
    #expect(dunnett.comparisons.count == fit.sample.treatmentCount - 1)
    for (index, comparison) in dunnett.comparisons.enumerated() {
      #expect(abs((comparison.adjustedPValue ?? .nan) - (family["p"]?.numbers[index] ?? .nan)) < 1e-3)
      #expect(abs((comparison.holmPValue ?? .nan) - (family["holm"]?.numbers[index] ?? .nan)) < 1e-9)
      #expect((comparison.adjustedPValue ?? 0) >= (comparison.pValue ?? 1))
      #expect(comparison.interval?.contains(0) == ((comparison.adjustedPValue ?? 0) > 0.05))
    }
    let tukey = TukeyComparison(fit)
    let all = try #require(expected["tukey"])
    #expect(isClose(tukey.criticalValue, all.number("critical"), 1e-7))
    for comparison in tukey.comparisons {
      // R has the pairs of the first treatment first.
      let (i, j, t) = (comparison.reference, comparison.treatment, fit.sample.treatmentCount)
      let index = i * t - i * (i + 1) / 2 + j - i - 1
      #expect(abs((comparison.adjustedPValue ?? .nan) - (all["p"]?.numbers[index] ?? .nan)) < 1e-9)
    }
  }

  @Test func oneSidedIntervalsAreOpen() throws {
    let fit = BlockedFit(BlockedSample(try fixture("analysis")["fits"]?["reference"]?["values"]))
    let both = DunnettComparison(fit, baseline: 0)
    let above = DunnettComparison(fit, baseline: 0, alternative: .greater)
    let below = DunnettComparison(fit, baseline: 0, alternative: .less)
    #expect((above.criticalValue ?? 9) < (both.criticalValue ?? 0) && above.criticalValue == below.criticalValue)
    #expect(above.comparisons[0].interval?.upper == .infinity && below.comparisons[0].interval?.lower == -.infinity)
    #expect(above.comparisons[0].adjustedPValue == 1 && (below.comparisons[0].adjustedPValue ?? 1) < 1e-9)
  }

  @Test func manyTreatmentsTakeLittleTime() {
    let stream = RandomStream(seed: 1, name: "many")
    let sample = BlockedSample(
      rows: (0..<3333).map { t in (0..<3).map { stream.normal(UInt64(t), UInt64($0)) + Double($0) } })
    let dunnett = DunnettComparison(BlockedFit(sample), baseline: 0)
    #expect(dunnett.comparisons.count == 3332)
    #expect((3.5..<6).contains(dunnett.criticalValue ?? 0))
  }
}
