import LabCore
import LabStats
import Testing

@Suite struct FactorialAnalysisTests {
  private func analysis(_ name: String, maximumOrder: Int? = nil) throws -> (FactorialAnalysis, JSONValue) {
    let expected = try #require(fixture("analysis")["anova"]?[name])
    let levels = (expected["levels"]?.rows ?? []).map { $0.map { Int($0) } }
    return (
      FactorialAnalysis(BlockedFit(BlockedSample(expected["values"])), levels: levels, maximumOrder: maximumOrder),
      expected
    )
  }

  @Test(arguments: ["reference", "gaps"]) func tableMatchesR(_ name: String) throws {
    let (analysis, expected) = try analysis(name)
    let factors = ["loss": 0, "downsample": 1, "conv": 2]
    let names = expected["rows"]?.arrayValue?.compactMap(\.stringValue) ?? []
    #expect(names.count == 8 && analysis.rows.count == 7 && analysis.omitted.isEmpty && analysis.remainder == nil)
    for (index, name) in names.enumerated() {
      let term = name.split(separator: ":").compactMap { factors[String($0)] }.sorted()
      let row = try #require(
        name == "block" ? analysis.blocks : analysis.rows.first { $0.term == .factors(term) })
      #expect(Double(row.degreesOfFreedom) == expected["df"]?.numbers[index])
      #expect(isClose(row.sumOfSquares, expected["ss"]?.numbers[index] ?? .nan, 1e-9))
      #expect(isClose(row.test?.statistic, expected["f"]?.numbers[index] ?? .nan, 1e-9))
      #expect(isClose(row.test?.pValue, expected["p"]?.numbers[index] ?? .nan, 1e-8))
    }
  }

  @Test func sharesOfACompleteDesignSumToOne() throws {
    let (analysis, _) = try analysis("reference")
    let residual = analysis.fit.residualSumOfSquares / analysis.totalSumOfSquares
    let blocks = analysis.blocks?.varianceShare ?? 0
    #expect(isClose(analysis.rows.reduce(residual + blocks) { $0 + $1.varianceShare }, 1, 1e-12))
    let loss = try #require(analysis.rows.first)
    #expect(loss.term == .factors([0]) && loss.varianceShare > 0.9)
    // partial ω² = df (F − 1) / (df (F − 1) + N).
    let f = try #require(loss.test?.statistic)
    #expect(isClose(loss.partialOmegaSquared, (f - 1) / (f - 1 + 36), 1e-12))
    #expect(isClose(loss.partialEtaSquared, f / (f + 22), 1e-12))
  }

  @Test func higherOrdersStandInTheRemainder() throws {
    let (full, _) = try analysis("reference")
    let (short, _) = try analysis("reference", maximumOrder: 1)
    #expect(short.rows.count == 3 && short.omitted.count == 4)
    #expect(short.remainder?.degreesOfFreedom == 5 + 2 - 1 + 1)
    let rest = full.rows.dropFirst(3).reduce(0) { $0 + $1.sumOfSquares }
    #expect(isClose(short.remainder?.sumOfSquares, rest, 1e-10))
    for (a, b) in zip(full.rows, short.rows) { #expect(isClose(a.sumOfSquares, b.sumOfSquares, 1e-10)) }
  }

  @Test func effectsAreThoseOfTheMarginalMeans() throws {
    let (analysis, _) = try analysis("reference")
    let loss = try #require(analysis.effect(of: 0, level: 1, to: 0))
    #expect(loss.combinationCount == 6)
    #expect(abs(loss.contrast.estimate + 5.1416666666666667) < 1e-11)
    // The standard error of a mean of six differences over three seeds.
    #expect(isClose(loss.contrast.standardError, 0.5572807808339278 * (2.0 / 18).squareRoot(), 1e-11))
    let interaction = try #require(
      analysis.effect([.init(factor: 0, level: 1, baseline: 0), .init(factor: 1, level: 1, baseline: 0)]))
    #expect(interaction.combinationCount == 3)
    #expect(isClose(interaction.contrast.standardError, 0.5572807808339278 * (4.0 / 9).squareRoot(), 1e-11))
    let triple = try #require(
      analysis.effect(
        [(0, 1), (1, 1), (2, 2)].map { FactorialAnalysis.Change(factor: $0.0, level: $0.1, baseline: 0) }))
    #expect(triple.combinationCount == 1)
    #expect(isClose(triple.contrast.standardError, 0.5572807808339278 * (8.0 / 3).squareRoot(), 1e-11))
    #expect(analysis.effect(of: 0, level: 2, to: 0) == nil)
  }

  @Test func oneFactorAtATimeHasMainEffectsOnly() {
    let stream = RandomStream(seed: 2, name: "one at a time")
    let levels = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    let rows = levels.indices.map { t in (0..<4).map { stream.normal(UInt64(t), UInt64($0)) } }
    let analysis = FactorialAnalysis(BlockedFit(BlockedSample(rows: rows)), levels: levels)
    #expect(analysis.rows.map(\.term) == [.factors([0]), .factors([1]), .factors([2])])
    #expect(analysis.omitted == [[0, 1], [0, 2], [1, 2], [0, 1, 2]] && analysis.remainder == nil)
    // Each main effect is one difference to the baseline.
    for factor in 0..<3 {
      let t = analysis.fit.difference(of: factor + 1, to: 0)?.tStatistic ?? .nan
      #expect(isClose(analysis.rows[factor].test?.statistic, t * t, 1e-10))
    }
    #expect(analysis.singleEffects == nil)
  }

  @Test func lenthsErrorIsThatOfTheSmallEffects() throws {
    // Twelve effects, two of them large, with the definition written out.
    let effects = [-0.003, 0.0042, 0.0265, -0.0115, 0.0290, -0.0085, 0.0025, 0.0645, 0.0025, 0.0215, -0.0285, 0.0085]
    let analysis = try #require(LenthAnalysis(effects))
    let sorted = effects.map(abs).sorted()
    let first = 1.5 * (sorted[5] + sorted[6]) / 2
    let small = sorted.filter { $0 < 2.5 * first }
    let middle =
      small.count.isMultiple(of: 2) ? (small[small.count / 2 - 1] + small[small.count / 2]) / 2 : small[small.count / 2]
    #expect(isClose(analysis.pseudoStandardError, 1.5 * middle))
    #expect(analysis.degreesOfFreedom == 4)
    #expect(isClose(analysis.marginOfError(), analysis.pseudoStandardError * 2.7764451051977987, 1e-10))
    #expect(analysis.simultaneousMarginOfError() > analysis.marginOfError())
    #expect(analysis.points.map(\.magnitude) == sorted)
    #expect(LenthAnalysis([1, 2]) == nil && LenthAnalysis([0, 0, 0, 1]) == nil)
  }

  @Test func singleEffectsHaveTheRowsSumsOfSquares() throws {
    let (analysis, _) = try analysis("reference")
    let effects = try #require(analysis.singleEffects)
    #expect(effects.count == 11)
    for row in analysis.rows {
      guard case .factors(let term) = row.term else { continue }
      let squares = effects.filter { $0.factors == term }.reduce(0) { $0 + $1.value * $1.value }
      // Means of three seeds.
      #expect(isClose(3 * squares, row.sumOfSquares, 1e-9))
    }
  }
}
