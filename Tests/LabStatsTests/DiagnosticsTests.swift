import LabCore
import LabStats
import Testing

@Suite struct DiagnosticsTests {
  private func fit(_ name: String) throws -> BlockedFit {
    BlockedFit(BlockedSample(try fixture("analysis")["fits"]?[name]?["values"]))
  }

  @Test func brownForsytheMatchesSciPy() throws {
    let cases = try fixture("simultaneous")["spreads"]?.arrayValue ?? []
    #expect(cases.count == 3)
    for entry in cases {
      let test = try #require(FTest.brownForsythe(entry["samples"]?.rows ?? []))
      #expect(isClose(test.statistic, entry.number("f"), 1e-11) && isClose(test.pValue, entry.number("p"), 1e-10))
    }
    #expect(FTest.brownForsythe([[1, 2]]) == nil && FTest.brownForsythe([[1, 1], [2, 2]]) == nil)
  }

  @Test(arguments: ["reference", "complete"]) func additivityMatchesR(_ name: String) throws {
    let expected = try #require(fixture("analysis")["additivity"]?[name])
    let test = try #require(Diagnostics(fit(name)).additivity)
    #expect(isClose(test.statistic, expected.number("f"), 1e-9) && isClose(test.pValue, expected.number("p"), 1e-9))
  }

  @Test(arguments: ["reference", "complete", "fewBlocks", "manyBlocks"])
  func studentizedResidualsMatchR(_ name: String) throws {
    let expected = try #require(fixture("analysis")["fits"]?[name])
    let fit = try fit(name)
    let values = Diagnostics(fit).studentizedResiduals
    let treatments = expected["treatments"]?.numbers ?? []
    let blocks = expected["blocks"]?.numbers ?? []
    for (index, observation) in fit.sample.observations.enumerated() {
      let row = try #require(
        treatments.indices.first {
          Int(treatments[$0]) == observation.treatment && UInt64(blocks[$0]) == observation.block
        })
      let reference = expected["studentized"]?.arrayValue?[row].doubleValue
      // R divides by nothing but rounding where a value is alone.
      guard let value = values[index], let reference, abs(reference) < 1e6 else { continue }
      #expect(abs(value - reference) < 1e-9 * max(1, abs(reference)))
    }
    #expect(values.lazy.filter { $0 != nil }.count > values.count / 2)
  }

  @Test func spreadsAreThoseOfTheModelWithoutTheTreatment() throws {
    let fit = try fit("complete")
    let rows = (0..<4).map { t in fit.sample.values(of: t).sorted { $0.key < $1.key }.map(\.value) }
    for spread in Diagnostics(fit).spreads {
      let others = BlockedFit(BlockedSample(rows: rows.indices.filter { $0 != spread.treatment }.map { rows[$0] }))
      let (rest, degrees) = (others.residualSumOfSquares, Double(others.residualDegreesOfFreedom))
      let ratio = (fit.residualSumOfSquares - rest) / 5 / (rest / degrees)
      #expect(isClose(spread.test.statistic, ratio, 1e-11))
      #expect(spread.test.numerator == 5 && spread.test.denominator == degrees)
    }
  }

  @Test func outliersAreFound() throws {
    let stream = RandomStream(seed: 4, name: "outlier")
    var rows = (0..<6).map { t in (0..<5).map { stream.normal(UInt64(t), UInt64($0)) } }
    #expect(Diagnostics(BlockedFit(BlockedSample(rows: rows))).outliers.isEmpty)
    rows[2][3] += 12
    let outliers = Diagnostics(BlockedFit(BlockedSample(rows: rows))).outliers
    #expect(outliers.map(\.observation.treatment) == [2] && outliers.first?.observation.block == 3)
  }

  private func decision(_ fit: BlockedFit) -> PoolingDecision {
    PoolingDecision(TreatmentVariances(fit, reference: 0))
  }

  @Test func referenceResultIsPooled() throws {
    let decision = decision(try fit("reference"))
    #expect(decision.isPooled && decision.cautions.isEmpty)
    // One of twelve varies more, with a p-value of 0.039 by itself.
    guard decision.spreads.count == 1, case .noisyTreatment(3, let ratio, let weight) = decision.spreads[0] else {
      Issue.record("\(decision.spreads)")
      return
    }
    #expect(isClose(weight, 0.0227627, 1e-2) && ratio > 1.9)
    #expect(decision.spreads[0].sentence { "v\($0)" }.hasSuffix("so that the others' runs count 2 % in its variance"))
  }

  @Test func withoutResidualsNothingIsPooled() {
    let decision = decision(BlockedFit(BlockedSample(rows: [[1, 2], [2, 3]])))
    #expect(!decision.isPooled && decision.reasons == [.noResiduals])
  }

  /// Seeds that act more on good variants than on bad ones make no difference appear where there is none.
  @Test func missingAdditivityIsACaution() {
    let stream = RandomStream(seed: 6, name: "growing")
    func value(_ treatment: Int, _ block: Int) -> Double {
      Double((1 + treatment) * (1 + block)) + 0.3 * stream.normal(UInt64(treatment), UInt64(block))
    }
    let rows = (0..<8).map { treatment in (0..<5).map { value(treatment, $0) } }
    let decision = decision(BlockedFit(BlockedSample(rows: rows)))
    #expect(decision.isPooled)
    guard case .notAdditive(let p)? = decision.cautions.last else {
      Issue.record("missing additivity is not noticed")
      return
    }
    #expect(p < 0.01 && decision.cautions.last?.sentence { "v\($0)" }.contains("too narrow") == true)
  }

  @Test func noisyTreatmentsAreNamed() {
    let stream = RandomStream(seed: 5, name: "noisy")
    func rows(_ noisy: Int) -> [[Double]] {
      (0..<8).map { t in (0..<6).map { (t == noisy ? 8 : 1) * stream.normal(UInt64(t), UInt64($0)) } }
    }
    let ofBaseline = decision(BlockedFit(BlockedSample(rows: rows(0))))
    guard case .noisyBaseline(let ratio, let weight)? = ofBaseline.spreads.first else {
      Issue.record("a noisy baseline is not noticed")
      return
    }
    #expect(ratio > 3 && weight < 0.01 && ofBaseline.isPooled)
    let ofOther = decision(BlockedFit(BlockedSample(rows: rows(3))))
    guard case .noisyTreatment(3, _, _)? = ofOther.spreads.first else {
      Issue.record("a noisy treatment is not noticed")
      return
    }
    let sentence = ofOther.spreads[0].sentence { "v\($0)" }
    #expect(sentence.hasPrefix("the runs of v3 vary ") && sentence.hasSuffix("its variance is that of its own runs"))
  }

  @Test func effectSizesOfTheReference() throws {
    let fit = try fit("reference")
    let effect = try #require(EffectSize(fit, of: 1, to: 0, bestValue: 100))
    // Errors grow from 16.63 % to 21.67 %.
    #expect(isClose(effect.relativeErrorChange, (21.666666666666667 - 16.633333333333333) / 16.633333333333333, 1e-11))
    // −5.0333/0.5573, and Γ(11)/(Γ(10.5)·√11).
    #expect(isClose(effect.hedgesG, -5.033333333333333 / 0.5572807808339278 * 0.96545065879063, 1e-11))
    #expect(effect.sameSeed.observed == 0 && effect.sameSeed.pairCount == 3)
    #expect(effect.anySeeds.observed == 0 && effect.anySeeds.pairCount == 6)
    #expect((effect.anySeeds.modeled ?? 1) < 0.001)
    let reversed = try #require(EffectSize(fit, of: 1, to: 0, bestValue: 100, higherIsBetter: false))
    #expect(reversed.sameSeed.observed == 1 && reversed.hedgesG == effect.hedgesG)
    #expect(EffectSize(fit, of: 0, to: 0) == nil)
  }

  @Test func tiesBeatHalf() throws {
    let effect = try #require(EffectSize(BlockedFit(BlockedSample(rows: [[1, 2, 3], [1, 2, 4]])), of: 1, to: 0))
    #expect(isClose(effect.sameSeed.observed, 2.0 / 3))
    // Of the pairs of different seeds, 1 beats neither 2 nor 3, 2 beats 1 and loses to 3, and 4 beats both.
    #expect(isClose(effect.anySeeds.observed, 0.5))
    #expect(effect.relativeErrorChange == nil)
  }
}
