import LabCore
import LabStats
import Testing

/// Effects of factors in blocks, and intervals that hold at once; `Fixtures/make_factors.R` computed them by multcomp and
/// emmeans.
@Suite struct FactorialContrastTests {
  private func levels() throws -> [[Int]] { try fixture("factors")["levels"]?.rows.map { $0.map { Int($0) } } ?? [] }

  @Test(arguments: ["complete", "gaps"]) func familiesMatchR(_ name: String) throws {
    let design = try #require(fixture("factors")["designs"]?[name])
    let fit = BlockedFit(BlockedSample(design["values"]))
    #expect(Double(fit.residualDegreesOfFreedom) == design.number("df"))
    let contrasts = FactorialContrasts(fit, levels: try levels())
    let families = try #require(design["families"]?.objectValue)
    #expect(families.count == 6)
    for (family, expected) in families {
      let weights = expected["changes"]?.arrayValue?.map { changes -> FactorialContrasts.Weights? in
        let changes = changes.rows.map {
          FactorialContrasts.Change(factor: Int($0[0]), level: Int($0[1]), baseline: Int($0[2]))
        }
        return expected.number("joint") == 1 ? contrasts.difference(changes) : contrasts.effect(changes)
      }
      let found = try #require(weights)
      #expect(found.map { Double($0?.combinationCount ?? 0) } == expected["counts"]?.numbers, "\(family)")
      let result = ContrastFamily(fit, contrasts: found.map { $0?.weights })
      let comparisons = result.comparisons.compactMap { $0 }
      #expect(comparisons.count == expected["estimate"]?.numbers.count)
      for (index, comparison) in comparisons.enumerated() {
        #expect(isClose(comparison.contrast.estimate, expected["estimate"]?.numbers[index] ?? .nan, 1e-9), "\(family)")
        #expect(isClose(comparison.contrast.standardError, expected["se"]?.numbers[index] ?? .nan, 1e-9), "\(family)")
        #expect(abs((comparison.pValue ?? .nan) - (expected["p"]?.numbers[index] ?? .nan)) < 1e-9, "\(family)")
        // multcomp integrates by chance, to some 1e-5.
        let adjusted = expected["p_adjusted"]?.numbers[index] ?? .nan
        #expect(abs((comparison.adjustedPValue ?? .nan) - adjusted) < 4e-4, "\(family) \(adjusted)")
      }
      #expect(abs((result.criticalValue ?? .nan) - expected.number("critical")) < 2e-3, "\(family)")
    }
    for (factor, name) in [(0, "conv"), (2, "loss")] {
      for (level, expected) in (design["means"]?[name]?.numbers ?? []).enumerated() {
        #expect(isClose(contrasts.mean(at: [factor: level]), expected, 1e-9), "\(name)")
      }
    }
  }

  @Test func variancesOfTheirOwnMatchPython() throws {
    let expected = try fixture("factor_variances")
    let fit = BlockedFit(BlockedSample(expected["values"]))
    let variances = TreatmentVariances(fit, reference: 0)
    #expect(Double(variances.moderated.count) == expected.number("moderated"))
    let effects = expected["effects"]?.arrayValue ?? []
    #expect(effects.count == 4)
    for name in ["main", "interaction"] {
      let family = effects.filter { $0["effect"]?.stringValue == name }
      let weights = family.map { effect in
        Dictionary(
          uniqueKeysWithValues: (effect["weights"]?.numbers ?? []).enumerated().filter { $1 != 0 }.map { ($0, $1) })
      }
      let result = ContrastFamily(variances, contrasts: weights)
      #expect(isClose(result.criticalValue, expected.number("critical_of_common"), 1e-7))
      for (effect, (weights, comparison)) in zip(family, zip(weights, result.comparisons)) {
        let comparison = try #require(comparison)
        #expect(variances.isModerated(weights))
        #expect(isClose(comparison.contrast.estimate, effect.number("estimate"), 1e-9))
        #expect(isClose(comparison.contrast.standardError, effect.number("se"), 1e-9))
        #expect(isClose(comparison.contrast.degreesOfFreedom, effect.number("df"), 1e-9))
        // The correlations of two interactions are those of two effects, behind several factors.
        let tolerance = name == "main" ? 1e-7 : 1e-3
        let width = effect.number("critical") * effect.number("se")
        #expect(isClose(comparison.interval?.halfWidth, width, tolerance), "\(name)")
        #expect(abs((comparison.adjustedPValue ?? .nan) - effect.number("p_adjusted")) < tolerance, "\(name)")
      }
    }
  }

  /// Also with missing cells, where variances go through other treatments.
  @Test func contrastsGrowWithTheirWeights() throws {
    let fit = BlockedFit(BlockedSample(try fixture("factors")["designs"]?["gaps"]?["values"]))
    let variances = TreatmentVariances(fit, reference: 0)
    for treatment in [1, 3, 8] {
      let (difference, contrast) = (
        variances.difference(of: treatment, to: 0), variances.contrast([treatment: 2, 0: -2])
      )
      #expect(isClose(contrast?.standardError, 2 * (difference?.standardError ?? .nan), 1e-9))
      #expect(isClose(contrast?.estimate, 2 * (difference?.estimate ?? .nan), 1e-9))
    }
  }

  @Test func differencesToOneTreatmentAreDunnetts() throws {
    let fit = BlockedFit(BlockedSample(try fixture("factors")["designs"]?["complete"]?["values"]))
    let family = ContrastFamily(fit, contrasts: (1..<12).map { [$0: 1, 0: -1] })
    let dunnett = DunnettComparison(fit, baseline: 0)
    #expect(isClose(family.criticalValue, dunnett.criticalValue ?? .nan, 1e-9))
    for (own, other) in zip(family.comparisons, dunnett.comparisons) {
      #expect(isClose(own?.adjustedPValue, other.adjustedPValue ?? .nan, 1e-7))
    }
    let oneSided = ContrastFamily(fit, contrasts: (1..<12).map { [$0: 1, 0: -1] }, alternative: .less)
    let expected = DunnettComparison(fit, baseline: 0, alternative: .less)
    #expect(isClose(oneSided.criticalValue, expected.criticalValue ?? .nan, 1e-9))
  }

  @Test func contrastsThatOthersMakeUpFallBackToBonferroni() throws {
    let fit = BlockedFit(BlockedSample(try fixture("factors")["designs"]?["complete"]?["values"]))
    // The third is the sum of the first two: nothing in it is its own.
    let family = ContrastFamily(fit, contrasts: [[1: 1, 0: -1], [2: 1, 1: -1], [2: 1, 0: -1], nil])
    #expect(family.distribution == nil && family.comparisons.map { $0 == nil } == [false, false, false, true])
    let t = StudentT(degreesOfFreedom: 22)
    #expect(isClose(family.criticalValue, -t.quantile(0.025 / 3), 1e-9))
    let first = try #require(family.comparisons[0])
    #expect(isClose(first.adjustedPValue, min(1, 3 * (first.pValue ?? .nan)), 1e-12))
  }

  @Test func includedTreatmentsOnlyCount() throws {
    let fit = BlockedFit(BlockedSample(try fixture("factors")["designs"]?["complete"]?["values"]))
    let levels = try levels()
    let crossEntropy = Set(levels.indices.filter { levels[$0][2] == 0 })
    let contrasts = FactorialContrasts(fit, levels: levels, among: crossEntropy)
    let effect = try #require(contrasts.effect([.init(factor: 0, level: 2, baseline: 0)]))
    #expect(effect.combinationCount == 2 && Set(effect.weights.keys).isSubset(of: crossEntropy))
    #expect(contrasts.effect([.init(factor: 2, level: 1, baseline: 0)]) == nil)
    #expect(contrasts.mean(at: [2: 1]) == nil)
  }
}
