import Foundation
import LabCore
import LabReport
import LabStats
import Testing

/// What lesions change, beside what SciPy, scikit-learn and statsmodels say (`Fixtures/make_lesions.py`).
@Suite struct LesionComparisonTests {
  private struct Fixture: Decodable {
    var labels: [Int32]
    var intact: [[Int32]]
    var lesions: [[[Int32]]]
    var gained: [Int]
    var lost: [Int]
    var mid_p: [Double]
    var holm: [Double]
    var accuracy_differences: [[Double]]
    var f1_differences: [[Double]]
    var seed_errors: [Double]
    var seed_degrees: Double
    var recall_differences: [[Double]]
    var recall_p: [[Double]]

    init() throws {
      let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/lesions.json")
      self = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    }

    func comparison(
      models: Int, isPerComparison: Bool = false, classes: Bool = false, classNames: [String] = ["a", "b", "c", "d"]
    ) -> LesionComparison {
      LesionComparison(
        lesions.enumerated().map { index, runs in
          (.init(part: "part \(index)", layer: "layer", replacement: "mean"), Array(runs.prefix(models)))
        }, intact: Array(intact.prefix(models)), labels: labels, classNames: classNames,
        isPerComparison: isPerComparison, comparesClasses: classes)
    }
  }

  private func near(_ found: Double?, _ expected: Double) -> Bool { abs((found ?? .nan) - expected) < 1e-9 }

  /// What a document says beside its tables.
  private func sentences(_ document: ReportDocument) -> String {
    document.sections.flatMap(\.paragraphs).joined(separator: " ")
  }

  @Test func oneModelIsComparedOverImages() throws {
    let fixture = try Fixture()
    let comparison = fixture.comparison(models: 1)
    #expect(comparison.effects.map(\.gained) == fixture.gained && comparison.effects.map(\.lost) == fixture.lost)
    for (index, effect) in comparison.effects.enumerated() {
      #expect(near(effect.accuracy.difference, fixture.accuracy_differences[index][0]))
      #expect(near(effect.macroF1?.difference, fixture.f1_differences[index][0]))
      #expect(near(effect.accuracy.pValue, fixture.holm[index]))
      #expect(effect.macroF1?.pValue == nil && effect.classes.isEmpty)
      // Bonferroni's level for three, of the interval over images alone.
      let right = [fixture.lesions[index][0], fixture.intact[0]].map { zip($0, fixture.labels).map { $0 == $1 } }
      let difference = CrossedDifference(try #require(ImageGains([(right[0], right[1])])))
      let expected = difference.imageInterval(level: 1 - 0.05 / 3)
      #expect(effect.accuracy.interval == .init(lower: expected.lower, upper: expected.upper, level: 0.95))
    }
    let single = fixture.comparison(models: 1, isPerComparison: true)
    for (index, effect) in single.effects.enumerated() {
      #expect(near(effect.accuracy.pValue, fixture.mid_p[index]))
      let simultaneous = comparison.effects[index]
      for (own, wider) in [
        (effect.accuracy.interval, simultaneous.accuracy.interval),
        (effect.macroF1?.interval, simultaneous.macroF1?.interval),
      ] {
        #expect(try #require(own).halfWidth < #require(wider).halfWidth)
      }
    }
  }

  @Test func severalModelsAreSeeds() throws {
    let fixture = try Fixture()
    let comparison = fixture.comparison(models: 3, classes: true)
    for (index, effect) in comparison.effects.enumerated() {
      #expect(near(effect.accuracy.difference, fixture.accuracy_differences[index].reduce(0, +) / 3))
      #expect(near(effect.macroF1?.difference, fixture.f1_differences[index].reduce(0, +) / 3))
      let pairs = zip(fixture.lesions[index], fixture.intact).map { lesioned, intact in
        (
          treatment: zip(lesioned, fixture.labels).map { $0 == $1 },
          reference: zip(intact, fixture.labels).map { $0 == $1 }
        )
      }
      let difference = CrossedDifference(
        try #require(ImageGains(pairs)),
        seedError: .init(standardError: fixture.seed_errors[index], degreesOfFreedom: fixture.seed_degrees))
      let expected = try #require(difference.interval(level: 1 - 0.05 / 3))
      #expect(near(effect.accuracy.interval?.lower, expected.lower))
      #expect(near(effect.accuracy.interval?.upper, expected.upper))
      #expect(effect.classes.count == 4)
    }
    let text = sentences(comparison.document(title: "Lesions"))
    #expect(
      text.contains("Intervals are over seeds and images, where the spread over seeds is moderated by all lesions"))
  }

  /// Two seeds may agree by chance, and their spread is known by one number.
  @Test func twoModelsHaveNoIntervals() throws {
    let comparison = try Fixture().comparison(models: 2)
    #expect(comparison.effects.allSatisfy { $0.accuracy.interval == nil && $0.macroF1?.interval == nil })
    #expect(comparison.effects.allSatisfy { $0.accuracy.pValue != nil })
    let document = comparison.document(title: "Lesions")
    #expect(sentences(document).contains("2 models are too few for intervals of the mean"))
    let rows = document.json["sections"]?.arrayValue?.compactMap { $0["table"]?["rows"]?.arrayValue }.first
    #expect(rows?.last?["accuracy_lower"] == .null && rows?.last?["accuracy_difference"]?.doubleValue != nil)
  }

  @Test func classesAreComparedAsTheSharesOfTheirImages() throws {
    let fixture = try Fixture()
    let comparison = fixture.comparison(models: 1, classes: true, classNames: ["a", "b", "c", "d", "nothing"])
    for (index, effect) in comparison.effects.enumerated() {
      #expect(effect.classes.count == 5 && effect.classes[4] == nil)
      for (label, change) in effect.classes.prefix(4).enumerated() {
        #expect(near(change?.difference, fixture.recall_differences[index][label]))
        #expect(near(change?.pValue, fixture.recall_p[index][label]))
      }
    }
    let json = comparison.document(title: "Lesions").json
    let tables = try #require(json["sections"]?.arrayValue).compactMap { $0["table"]?["rows"]?.arrayValue }
    #expect(tables.map(\.count) == [4, 12])
    let document = comparison.document(title: "Lesions")
    #expect(document.sections.last?.table?.notes == ["Without images, and so without a row: nothing."])
    #expect(sentences(document).contains("corrected for the number of classes as well"))
  }

  @Test func theTableSaysWhatItIs() throws {
    let fixture = try Fixture()
    let comparison = fixture.comparison(models: 1)
    let document = comparison.document(title: "Lesions of run 1", notes: ["A note."], metadata: ["data_hash": "x"])
    let text = document.rendered(options: .init(width: 160)).replacing("\n", with: " ")
    #expect(text.hasPrefix("Lesions of run 1 "))
    for part in [
      "3 lesions are compared with the model as it is, on the same 240 images.", "A note.", "hold for all 3 at once",
      "Holm's correction for 3", "│ none ", "│ part 2 ",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    #expect(document.json["correction"] == "bonferroni-holm" && document.json["data_hash"] == "x")
    let row = try #require(
      document.json["sections"]?.arrayValue?.compactMap { $0["table"]?["rows"] }.first?.arrayValue?[3])
    #expect(near(row["accuracy_difference"]?.doubleValue, fixture.accuracy_differences[2][0]))
    #expect(row["lost"]?.integerValue == fixture.lost[2] && near(row["mcnemar_p"]?.doubleValue, fixture.holm[2]))
    let single = fixture.comparison(models: 1, isPerComparison: true).document(title: "Lesions")
    #expect(sentences(single).contains("there is no correction for 3 lesions"))
    #expect(single.json["correction"] == JSONValue.null)
    let warning = "the interval of the accuracy has no width"
    #expect(!sentences(single).contains(warning))
    let same = LesionComparison(
      [(.init(part: "part", layer: "layer", replacement: "one"), [fixture.intact[0]])], intact: [fixture.intact[0]],
      labels: fixture.labels, classNames: ["a", "b", "c", "d"])
    #expect(sentences(same.document(title: "Lesions")).contains(warning))
  }
}
