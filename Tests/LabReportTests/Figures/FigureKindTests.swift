import LabReport
import LabStats
import Testing

/// What single kinds of figures show.
@Suite struct FigureKindTests {
  private func data(_ metric: FigureData.Metric = .init("accuracy", unit: "%", differenceUnit: "points")) -> FigureData
  {
    FigureData(name: "s", metric: metric, baseline: "static")
  }

  private func texts(_ figure: any Figure, width: Double = 760) -> [String] {
    figure.drawn(.init(width: width)).textBoxes.map(\.text)
  }

  @Test func differencesStandWithTheirIntervals() throws {
    var data = data()
    data.comparisons = .init(
      [
        .init(
          "focal", estimate: -5.033, single: .init(-5.98, -4.09), simultaneous: .init(-6.394, -3.673), verdict: .worse,
          note: "still improves"),
        .init("4x", estimate: 0.6, single: .init(-0.34, 1.54), verdict: .undecided, note: "still improves"),
        .init("lost", estimate: .nan, note: "no run"),
      ], smallestEffect: 0.5)
    let figure = try Figures.named("forest").figure(of: data)
    let texts = texts(figure)
    #expect(texts.contains("−5.03 [−6.39, −3.67]") && texts.contains("+0.60 [−0.34, +1.54]") && texts.contains("–"))
    #expect(texts.contains("focal ¹") && texts.contains("4x ¹") && texts.contains("¹ still improves"))
    #expect(texts.contains("95 %, all 3 at once (Dunnett)") && texts.contains("too small to matter: ± 0.50"))
    #expect(texts.contains("← worse") && texts.contains("better →"))
    #expect(figure.summary.contains("Worse: focal −5.03 [−6.39, −3.67]."))
    data.metric.higherIsBetter = false
    #expect(self.texts(try Figures.named("forest").figure(of: data)).contains("worse →"))
  }

  /// Labels that differ in their middle would look alike if that were cut out.
  @Test func panelsAreAsWideAsTheirLabels() throws {
    var data = data()
    let labels = ["odconv-4x-short + adaptive", "odconv-4x-short + multiscale + adaptive"] + (0..<6).map { "v\($0)" }
    data.baseline = "v0"
    data.curves = .init(
      means: labels.map { .init($0, [.init(1, 50), .init(2, 60)]) },
      differences: labels.dropLast().map { .init($0, [.init(1, 1), .init(2, 2)]) }, differenceBand: "95 %")
    let texts = texts(try Figures.named("curves").figure(of: data))
    #expect(labels.prefix(2).allSatisfy(texts.contains), "\(texts)")
  }

  @Test func meansWithoutIntervalsClaimNone() throws {
    var data = data()
    func notes(_ interval: FigureData.Interval?) throws -> [String] {
      data.levels = .init(
        columnFactor: "conv", lineFactor: "loss",
        cells: [
          .init(column: "static", line: "focal", mean: 1, interval: interval),
          .init(column: "4x", line: "focal", mean: 2),
        ])
      return texts(try Figures.named("interaction").figure(of: data)).filter { $0.contains("igher is better") }
    }
    #expect(try notes(nil) == ["Higher is better."])
    #expect(try notes(.init(0, 2)) == ["Intervals of 95 %; higher is better."])
  }

  @Test func aSeedsLineEndsWhereARunIsMissing() throws {
    var data = data()
    data.runs = [
      .init("a", seed: 1, value: 1), .init("b", seed: 1, value: 2), .init("c", seed: 1, value: .nan),
      .init("d", seed: 1, value: 4), .init("e", seed: 1, value: 5),
    ]
    let svg = try Figures.named("seeds").figure(of: data).svg(.init(theme: .light))
    let hex = "stroke=\"#63699c\""
    // Two parts of the line of the seed, and one sample in the key.
    #expect(svg.split(separator: "\n").filter { $0.hasPrefix("<polyline") && $0.contains(hex) }.count == 3)
    #expect(svg.contains("no result"))
  }

  @Test func theFrontIsWhatNoneBeatsInBoth() throws {
    var data = data()
    data.costs = .init(
      "parameters",
      [
        .init("dear and good", cost: 1000, value: 9), .init("cheap", cost: 10, value: 3),
        .init("beaten", cost: 100, value: 2), .init("as good, dearer", cost: 2000, value: 9),
        .init("middle", cost: 100, value: 5),
      ])
    let best = "No other beats in both: cheap 3.00 at 10, middle 5.00 at 100, dear and good 9.00 at 1.000 k."
    #expect(try Figures.named("pareto").figure(of: data).summary.hasSuffix(best))
    data.metric.higherIsBetter = false
    #expect(
      try Figures.named("pareto").figure(of: data).summary.hasSuffix(
        "No other beats in both: cheap 3.00 at 10, beaten 2.00 at 100."))
  }

  @Test func barsJoinRanksThatAreNotToldApart() throws {
    var data = data()
    data.ranks = .init(
      [.init("c", rank: 3.0), .init("a", rank: 1.2), .init("b", rank: 2.0), .init("d", rank: 3.8)],
      criticalDifference: 1.1, datasets: 8)
    let summary = try Figures.named("critical-difference").figure(of: data).summary
    #expect(summary.contains("a 1.20, b 2.00, c 3.00, d 3.80"))
    #expect(summary.contains("Not told apart: a to b, b to c, c to d."))
    data.ranks?.criticalDifference = 2
    #expect(try Figures.named("critical-difference").figure(of: data).summary.contains("apart: a to c, b to d."))
  }

  @Test func fewerMistakesAreBetter() throws {
    var data = data()
    data.confusion = .init(
      classes: ["x", "y"], label: "4x", counts: [[9, 1], [5, 5]], otherLabel: "static", otherCounts: [[7, 3], [5, 5]])
    let figure = try Figures.named("confusion").figure(of: data)
    #expect(figure.summary.contains("x taken for y −20.0 points"))
    let svg = figure.svg(.init(theme: .automatic))
    // More of x is recognized, and less taken for y: both are gains, nothing is a loss.
    #expect(svg.contains("f-gain-16") && !svg.contains("f-loss-16\" class"))
    #expect(svg.split(separator: "\n").filter { $0.hasPrefix("<rect") && $0.contains("f-loss") }.count == 1)
  }

  @Test func effectsBeyondTheMarginAreNamed() throws {
    var data = data()
    data.effects = .init(
      [.init("a", 4), .init("b", -2), .init("c", 0.3)], pseudoStandardError: 0.5, margin: 1.5, simultaneousMargin: 3)
    let summary = try Figures.named("half-normal").figure(of: data).summary
    #expect(summary.contains("at once (3.00): a +4.00.") && summary.contains("a single one (1.50): a +4.00, b −2.00."))
  }

  @Test func manyCoursesHavePlotsOfTheirOwn() throws {
    let few = try Figures.named("curves").figure(of: FigureSamples.make(variants: 7))
    let many = try Figures.named("curves").figure(of: FigureSamples.make(variants: 8))
    #expect(!texts(few).contains("test accuracy (%) by epoch") && texts(many).contains("test accuracy (%) by epoch"))
  }

  @Test(arguments: [0, 1, 43], [400.0, 900]) func countsOfADataSetFit(_ classes: Int, _ width: Double) {
    let bars = BarChart(
      title: "Images of each class", parts: ["train", "validation", "test"],
      bars: (0..<classes).map { .init("a class of traffic signs \($0)", values: [1000 + 37 * $0, $0, 100]) })
    let scatter = ScatterChart(
      title: "Sizes", xLabel: "width", yLabel: "height",
      points: (0..<classes).map { .init(x: 20 + $0, y: 30, count: $0) })
    let canvas = CountFigure(bars: bars, scatter: scatter).drawn(.init(width: width))
    #expect(canvas.bounds.map { $0.left >= 0 && $0.right <= width && $0.bottom <= canvas.height } == true)
    let boxes = canvas.textBoxes
    for (index, text) in boxes.enumerated() {
      #expect(!boxes[(index + 1)...].contains { $0.box.overlaps(text.box) }, "\(text.text)")
    }
    #expect(classes == 0 || boxes.contains { $0.text == "1,000 + 0 + 100" })
  }

  @Test func analysesBecomeData() throws {
    let values: [[Double]] = [[0.90, 0.92, 0.91], [0.85, 0.88, 0.85], [0.91, 0.92, 0.92]]
    let sample = BlockedSample(
      values.enumerated().flatMap { treatment, row in
        row.enumerated().map { .init(treatment: treatment, block: UInt64($0), value: $1) }
      }, treatmentCount: 4)
    let lenth = try #require(LenthAnalysis([4, -0.2, 0.3, 0.1, 0.2]))
    let effects = FigureData.Effects(lenth, labels: ["a", "b", "c", "d", "e"])
    #expect(effects.effects.first == .init("a", 4) && effects.margin == lenth.marginOfError())
    let friedman = try #require(FriedmanTest(scores: [[3, 2, 1], [3, 1, 2], [3, 2, 1]]))
    let ranks = FigureData.Ranks(friedman, labels: ["a", "b", "c"])
    #expect(ranks.items.first == .init("a", rank: 1) && ranks.datasets == 3)
    let analysis = FactorialAnalysis(BlockedFit(sample), levels: [[0, 0], [0, 1], [1, 0], [1, 1]])
    let shares = FigureData.Importance.shares(of: analysis, factors: ["conv", "loss"])
    #expect(shares.last?.isResidual == true && shares.contains { $0.label == "seed" })
  }
}
