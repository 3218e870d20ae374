import LabCore
import LabStats
import Testing

extension BlockedSample {
  /// The sample of a table with a row a treatment and a column a block; null is missing.
  init(_ table: JSONValue?) {
    let rows = (table?.arrayValue ?? []).map { $0.arrayValue ?? [] }
    self.init(
      rows.enumerated().flatMap { treatment, row in
        row.enumerated().compactMap { block, value in
          value.doubleValue.map { Observation(treatment: treatment, block: UInt64(block), value: $0) }
        }
      }, treatmentCount: rows.count)
  }

  /// The sample of rows of values, one a block.
  init(rows: [[Double]]) {
    self.init(
      rows.enumerated().flatMap { treatment, row in
        row.enumerated().map { Observation(treatment: treatment, block: UInt64($0), value: $1) }
      }, treatmentCount: rows.count)
  }
}

@Suite struct BlockedFitTests {
  private static let designs = ["reference", "complete", "fewBlocks", "manyBlocks", "chain"]

  @Test(arguments: designs) func fitMatchesR(_ name: String) throws {
    let expected = try #require(fixture("analysis")["fits"]?[name])
    let fit = BlockedFit(BlockedSample(expected["values"]))
    #expect(Double(fit.residualDegreesOfFreedom) == expected.number("df"))
    #expect(isClose(fit.residualStandardDeviation, expected.number("deviation"), 1e-11))
    #expect(fit.estimableGroups == [Array(0..<fit.sample.treatmentCount)])
    let treatments = expected["treatments"]?.numbers ?? []
    let blocks = expected["blocks"]?.numbers ?? []
    let residuals = expected["residuals"]?.numbers ?? []
    #expect(residuals.count == fit.residuals.count)
    for (index, observation) in fit.sample.observations.enumerated() {
      let row = try #require(
        treatments.indices.first {
          Int(treatments[$0]) == observation.treatment && UInt64(blocks[$0]) == observation.block
        })
      #expect(abs(fit.residuals[index] - residuals[row]) < 1e-12)
      #expect(abs(fit.fitted[index] + fit.residuals[index] - observation.value) < 1e-13)
    }
    for treatment in 0..<fit.sample.treatmentCount {
      #expect(isClose(fit.adjustedMeans[treatment], expected["means"]?.numbers[treatment] ?? .nan))
      #expect(
        isClose(fit.standardError(ofMean: treatment), expected["meanErrors"]?.numbers[treatment] ?? .nan, 1e-11))
    }
  }

  @Test(arguments: designs) func everyPairMatchesR(_ name: String) throws {
    let expected = try #require(fixture("analysis")["fits"]?[name])
    let fit = BlockedFit(BlockedSample(expected["values"]))
    let pairs = try #require(expected["pairs"])
    let treatments = pairs["treatment"]?.numbers ?? []
    #expect(treatments.count == fit.sample.treatmentCount * (fit.sample.treatmentCount - 1) / 2)
    for (index, treatment) in treatments.enumerated() {
      let reference = pairs["reference"]?.numbers[index] ?? .nan
      let contrast = try #require(fit.difference(of: Int(treatment), to: Int(reference)))
      #expect(abs(contrast.estimate - (pairs["estimate"]?.numbers[index] ?? .nan)) < 1e-12)
      #expect(isClose(contrast.standardError, pairs["error"]?.numbers[index] ?? .nan, 1e-11))
      #expect(isClose(contrast.pValue, pairs["p"]?.numbers[index] ?? .nan, 1e-9))
    }
  }

  @Test func covariancesAreThoseOfDifferences() throws {
    let fit = BlockedFit(BlockedSample(try fixture("analysis")["fits"]?["manyBlocks"]?["values"]))
    // The variance of a sum of two contrasts has their covariance twice.
    let (first, second): ([Int: Double], [Int: Double]) = ([0: 1, 2: -1], [1: 1, 3: -1])
    let sum = try #require(fit.covarianceFactor([0: 1, 1: 1, 2: -1, 3: -1], [0: 1, 1: 1, 2: -1, 3: -1]))
    let parts = [(first, first), (second, second), (first, second), (second, first)]
    #expect(isClose(parts.compactMap { fit.covarianceFactor($0.0, $0.1) }.reduce(0, +), sum))
  }

  @Test func valuesThatAddUpHaveNoResiduals() throws {
    let fit = BlockedFit(BlockedSample(rows: [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]]))
    #expect(fit.residuals == [Double](repeating: 0, count: 9))
    #expect(fit.residualStandardDeviation == 0 && !fit.hasSpread)
    let contrast = try #require(fit.difference(of: 1, to: 0))
    #expect(abs(contrast.estimate - 0.3) < 1e-15)
    #expect(contrast.standardError == nil && contrast.pValue == nil && contrast.interval() == nil)
  }

  @Test func groupsThatShareNoBlockAreNotCompared() throws {
    typealias Observation = BlockedSample.Observation
    var observations = [Observation]()
    for (treatment, block, value) in [
      (0, 1, 2.0), (1, 1, 3), (0, 2, 2.5), (1, 2, 3.1), (2, 7, 9), (3, 7, 8), (3, 8, 7),
    ] { observations.append(Observation(treatment: treatment, block: UInt64(block), value: value)) }
    let fit = BlockedFit(BlockedSample(observations, treatmentCount: 5))
    #expect(fit.estimableGroups == [[0, 1], [2, 3]])
    #expect(fit.residualDegreesOfFreedom == 1)
    #expect(fit.difference(of: 2, to: 0) == nil && fit.difference(of: 4, to: 0) == nil)
    #expect(fit.adjustedMeans[4] == nil)
    #expect(isClose(fit.difference(of: 2, to: 3)?.estimate, 1))
    // Differences within each of two groups are estimable together.
    #expect(isClose(fit.contrast([0: -1, 1: 1, 2: 1, 3: -1])?.estimate, 1.8))
    #expect(fit.contrast([0: 1, 1: 1, 2: -1, 3: -1]) == nil)
    let dunnett = DunnettComparison(fit, baseline: 0)
    #expect(dunnett.comparisons.map(\.treatment) == [1] && dunnett.inestimable == [2, 3, 4])
    #expect(TukeyComparison(fit).inestimable.count == 8)
  }

  @Test func repetitionsAreAveragedAndUndefinedValuesMissing() {
    let sample = BlockedSample(
      [
        .init(treatment: 0, block: 4, value: 1), .init(treatment: 1, block: 4, value: .nan),
        .init(treatment: 0, block: 4, value: 2),
      ], treatmentCount: 2)
    #expect(sample.observations == [.init(treatment: 0, block: 4, value: 1.5)])
    #expect(sample.blocks == [4] && !sample.isComplete)
  }
}
