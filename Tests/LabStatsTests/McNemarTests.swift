import LabCore
import LabStats
import Testing

@Suite struct McNemarTests {
  @Test func singleTestsMatchStatsmodels() throws {
    let cases = try fixture("chance")["mcnemar"]?["single"]?.rows ?? []
    #expect(cases.count == 8)
    for row in cases {
      let test = McNemar(gained: Int(row[0]), lost: Int(row[1]))
      #expect(isClose(test.exactPValue, row[2], 1e-9))
      #expect(isClose(test.midPValue, row[0] + row[1] == 0 ? 1 : row[3], 1e-9))
    }
  }

  @Test func combinationsMatchAllSignFlips() throws {
    let cases = try fixture("chance")["mcnemar"]?["combined"]?.arrayValue ?? []
    #expect(cases.count == 3)
    for expected in cases {
      let differences = expected["differences"]?.rows ?? []
      let combined = try #require(predictions(differences).map(McNemarBySeed.init))
      #expect(Double(combined.netGain) == expected.number("net"))
      #expect(isClose(combined.exactPValue, expected.number("exact"), 1e-9))
      #expect(isClose(combined.midPValue, expected.number("mid"), 1e-9))
      #expect(combined.tests.count == differences.count)
    }
  }

  @Test func oneSeedCombinesToItself() throws {
    let combined = try #require(predictions([[1, 1, 1, 0, -1, 1, 1, 0, 1]]).map(McNemarBySeed.init))
    #expect(combined.exactPValue == combined.tests[0].exactPValue)
    #expect(combined.midPValue == combined.tests[0].midPValue)
  }

  @Test func twiceTheMagnitudeHasTheSameValue() throws {
    let seed = (0..<900).map { $0 % 4 == 0 ? 1.0 : $0 % 4 == 1 && $0 % 16 != 1 ? -1 : 0 }
    let single = try #require(predictions([seed]).map(McNemarBySeed.init))
    let twice = try #require(predictions([seed, seed]).map(McNemarBySeed.init))
    #expect(isClose(twice.exactPValue, single.exactPValue, 1e-9) && single.exactPValue < 0.05)
  }

  @Test func manyImagesAgreeWithTheExactValue() throws {
    // Too many images for all sums: some differ in one seed, others in both.
    let cases = try fixture("chance")["mcnemar"]?["large"]?.rows ?? []
    #expect(cases.count == 3)
    for row in cases {
      let (ones, twos) = (Int(row[0]), Int(row[2]))
      let both = (0..<twos).map { $0 < Int(row[3]) ? 1.0 : -1 }
      let first = (0..<ones).map { $0 < Int(row[1]) ? 1.0 : -1 } + both
      let second = [Double](repeating: 0, count: ones) + both
      let combined = try #require(predictions([first, second]).map(McNemarBySeed.init))
      #expect(isClose(combined.exactPValue, row[4], 1e-3))
      #expect(isClose(combined.midPValue, row[5], 5e-3))
    }
  }

  /// Predictions of two classes with given gains and losses.
  private func predictions(_ differences: [[Double]]) -> MatchedPredictions? {
    func runs(_ sign: Double) -> [UInt64: ImagePredictions] {
      Dictionary(
        uniqueKeysWithValues: differences.enumerated().map { seed, images in
          let classes: [Int32] = images.map { $0 == sign ? 0 : 1 }
          return (UInt64(seed), ImagePredictions(classes: classes, confidences: classes.map { _ in 1 }))
        })
    }
    return MatchedPredictions(
      labels: differences[0].map { _ in 0 }, classCount: 2, treatment: runs(1), reference: runs(-1))
  }
}
