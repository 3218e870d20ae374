import LabCore
import LabStats
import Testing

@Suite struct DataSetTests {
  @Test func friedmanMatchesSciPy() throws {
    let cases = try fixture("chance")["data_sets"]?["friedman"]?.arrayValue ?? []
    #expect(cases.count == 4)
    for expected in cases {
      let test = try #require(FriedmanTest(scores: expected["scores"]?.rows ?? []))
      for (actual, rank) in zip(test.averageRanks, expected["ranks"]?.numbers ?? []) { #expect(isClose(actual, rank)) }
      let (chi, f) = (expected["chi"]?.numbers ?? [], expected["f"]?.numbers ?? [])
      #expect(isClose(test.chiSquared, chi[0], 1e-9) && isClose(test.chiSquaredPValue, chi[1], 1e-9))
      #expect(isClose(test.fStatistic, f[0], 1e-9) && isClose(test.pValue, f[1], 1e-9))
      #expect(isClose(test.criticalDifference(), expected.number("difference"), 1e-6))
    }
  }

  @Test func criticalDifferenceIsThatOfTheTable() throws {
    // Demšar 2006: four methods on fourteen data sets, q = 2.569, CD = 1.25.
    let scores = (0..<14).map { row in (0..<4).map { Double(($0 * 7 + row * 5) % 11) } }
    let test = try #require(FriedmanTest(scores: scores))
    #expect(abs(test.criticalDifference() - 2.569 * (20.0 / 84).squareRoot()) < 5e-4)
  }

  @Test func ranksFollowTheDirectionAndShareTies() throws {
    let scores = [[0.9, 0.8, 0.8, 0.1], [0.7, 0.6, 0.1 + 0.5, 0.2]]
    #expect(FriedmanTest(scores: scores)?.averageRanks == [1, 2.5, 2.5, 4])
    #expect(FriedmanTest(scores: scores, higherIsBetter: false)?.averageRanks == [4, 2.5, 2.5, 1])
    #expect(FriedmanTest(scores: [[1, 1], [2, 2]])?.pValue == nil)
    #expect(FriedmanTest(scores: [[1, 2]]) == nil && FriedmanTest(scores: [[1, 2], [1]]) == nil)
    #expect(FriedmanTest(scores: [[1, 2], [1, .nan]]) == nil)
    // Three data sets that agree on the order of three methods do so once in 3!².
    let agreed = try #require(FriedmanTest(scores: [[1, 2, 3], [1, 3, 5], [0, 1, 2]]))
    #expect(agreed.fStatistic == .infinity && isClose(agreed.pValue, 1.0 / 36, 1e-9))
  }

  @Test func cliquesAreTheLargestGroups() throws {
    // Ranks 1 to 5 throughout; the critical difference of 5 methods on 20 data sets is 1.364.
    let five = try #require(FriedmanTest(scores: (0..<20).map { _ in [5, 4, 3, 2, 1] }))
    #expect(five.cliques() == [[0, 1], [1, 2], [2, 3], [3, 4]])
    let all = try #require(FriedmanTest(scores: [[3, 2, 1], [1, 2, 3]]))
    #expect(all.cliques() == [[0, 1, 2]])
    let none = try #require(FriedmanTest(scores: (0..<100).map { _ in [1, 2, 3] }))
    #expect(none.cliques().isEmpty)
  }

  @Test func signedRankMatchesNumPy() throws {
    let cases = try fixture("chance")["data_sets"]?["bayes"]?.arrayValue ?? []
    #expect(cases.count == 4)
    for expected in cases {
      let test = try #require(
        BayesianSignedRank(
          differences: expected["differences"]?.numbers ?? [], smallestEffect: expected.number("rope"),
          sampleCount: 10_000))
      let mean = expected["expected"]?.numbers ?? []
      let probabilities = expected["probabilities"]?.numbers ?? []
      #expect(abs(test.expected.worse - mean[0]) < 1e-12 && abs(test.expected.better - mean[2]) < 1e-12)
      #expect(abs(test.expected.equivalent - mean[1]) < 1e-12)
      #expect(abs(test.probabilities.worse - probabilities[0]) < 0.015)
      #expect(abs(test.probabilities.equivalent - probabilities[1]) < 0.015)
      #expect(abs(test.probabilities.better - probabilities[2]) < 0.015)
      #expect(isClose(test.probabilities.worse + test.probabilities.equivalent + test.probabilities.better, 1))
    }
  }

  @Test func signedRankIsSymmetricAndDeterministic() throws {
    let differences = [0.3, -0.1, 0.2, 0.4, 0.05]
    let test = try #require(BayesianSignedRank(differences: differences, smallestEffect: 0.1, sampleCount: 2_000))
    #expect(test == BayesianSignedRank(differences: differences, smallestEffect: 0.1, sampleCount: 2_000))
    let turned = try #require(
      BayesianSignedRank(differences: differences.map { -$0 }, smallestEffect: 0.1, sampleCount: 2_000))
    #expect(isClose(turned.expected.worse, test.expected.better))
    #expect(abs(turned.probabilities.worse - test.probabilities.better) < 0.05)
    let none = try #require(BayesianSignedRank(differences: [0, 0, 0], sampleCount: 100))
    #expect(none.probabilities.worse == 0.5 && none.probabilities.better == 0.5)
    #expect(BayesianSignedRank(differences: []) == nil)
  }
}
