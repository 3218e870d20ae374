import LabCore
import LabStats
import Testing

@Suite struct ClassComparisonTests {
  @Test func changesMatchNumPy() throws {
    let fixture = try #require(fixture("chance")["classes"])
    let predictions = try #require(matchedPredictions(fixture, classCount: 5))
    let cases = fixture["cases"]?.arrayValue ?? []
    #expect(cases.count == 6)
    for expected in cases {
      let measure = try #require(ClassComparison.Measure(rawValue: expected["measure"]?.stringValue ?? ""))
      let withImages = expected.number("images") == 1
      let comparison = try #require(
        withImages
          ? ClassComparison(predictions, measure: measure)
          : ClassComparison(confusions: predictions.confusions, measure: measure))
      // The derivatives by the images' weights are numerical there.
      let error = withImages ? 1e-6 : 1e-9
      #expect(isClose(comparison.degreesOfFreedom, expected.number("degrees"), error))
      #expect(comparison.includesImages == withImages && comparison.seedCount == 3 && comparison.changes.count == 5)
      for (index, change) in comparison.changes.enumerated() {
        func value(_ key: String) -> Double { expected[key]?.numbers[index] ?? .nan }
        #expect(isClose(change.estimate, value("estimates"), 1e-9))
        #expect(isClose(change.standardError, value("seed_errors"), error))
        #expect(abs(change.imageStandardError - value("image_errors")) < error)
        #expect(isClose(change.pValue, value("p_values"), 1e-5))
        #expect(isClose(change.adjustedPValue, value("holm"), 1e-5))
        #expect(isClose(change.interval?.halfWidth, value("half_widths"), 1e-6))
        #expect(isClose(change.simultaneousInterval?.halfWidth, value("simultaneous"), 1e-6))
      }
    }
  }

  @Test func classesThatGainAndLoseAreNamed() throws {
    let confusions = (0..<3).map { seed in
      (
        treatment: matrix([[96 + seed, 4 - seed, 0], [20, 80, 0], [0, 10 - seed, 90 + seed]]),
        reference: matrix([[80 - seed, 20 + seed, 0], [3, 97, 0], [0, 10, 90]])
      )
    }
    let comparison = try #require(ClassComparison(confusions: confusions))
    #expect(comparison.gained == [0] && comparison.lost == [1])
    #expect(comparison.changes[2].simultaneousInterval?.contains(0) == true)
  }

  @Test func classesWithoutChanceAreNotJudged() throws {
    // The third class has no image and is never predicted; the second is the same to all runs.
    let confusions = (0..<3).map { seed in
      (
        treatment: matrix([[5 + seed, 5 - seed, 0], [0, 9, 0], [0, 0, 0]]),
        reference: matrix([[5, 5, 0], [0, 9, 0], [0, 0, 0]])
      )
    }
    let comparison = try #require(ClassComparison(confusions: confusions))
    #expect(comparison.changes[0].pValue != nil)
    #expect(comparison.changes[1].pValue == nil && comparison.changes[1].interval == nil)
    #expect(comparison.changes[2].adjustedPValue == nil && comparison.changes[2].treatmentMean == 0)
    #expect(ClassComparison(confusions: Array(confusions.prefix(1))) == nil)
    #expect(
      ClassComparison(confusions: confusions + [(ConfusionMatrix(classCount: 2), ConfusionMatrix(classCount: 2))])
        == nil)
  }

  @Test func fewFalseAlarmsInTheFamily() {
    // Ten classes of 200 images each; both variants are equally good, and seeds move the classes.
    let simulation = Simulation("classes")
    let coverage = Simulation.share(of: 400) { repetition in
      let confusions = (0..<3).map { seed in
        func variant(_ side: Int) -> ConfusionMatrix {
          var matrix = ConfusionMatrix(classCount: 10)
          let draws = simulation.normals(10, repetition: repetition, 2 * seed + side)
          for index in 0..<10 {
            let spread = 2.5 * Double(1 + index).squareRoot()
            let wrong = min(max(Int((Double(4 * (1 + index)) + spread * draws[index]).rounded()), 0), 200)
            matrix.add(label: index, prediction: index, count: 200 - wrong)
            matrix.add(label: index, prediction: (index + 1) % 10, count: wrong)
          }
          return matrix
        }
        return (treatment: variant(0), reference: variant(1))
      }
      guard let comparison = ClassComparison(confusions: confusions) else { return false }
      return comparison.gained.isEmpty && comparison.lost.isEmpty
    }
    #expect(coverage > 0.925, "\(coverage)")
  }

  private func matrix(_ rows: [[Int]]) -> ConfusionMatrix {
    var matrix = ConfusionMatrix(classCount: rows.count)
    for (label, row) in rows.enumerated() {
      for (prediction, count) in row.enumerated() { matrix.add(label: label, prediction: prediction, count: count) }
    }
    return matrix
  }
}
