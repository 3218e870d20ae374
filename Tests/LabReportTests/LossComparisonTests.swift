import LabCore
import LabRecords
import LabReport
import Testing

/// Values of different loss functions are no measure of each other.
@Suite struct LossComparisonTests {
  private static let crossEntropy: JSONValue = ["name": "cross-entropy", "label_smoothing": 0]

  private func variant(
    _ label: String, loss: JSONValue?, data: JSONValue = ["name": "mnist"], mixup: JSONValue? = nil, value: Double,
    levels: [String: String] = [:], isBaseline: Bool = false, logLoss: Bool = true
  ) -> Variant {
    let augmentation = mixup.map { JSONValue.object(["mixup": $0]) } ?? "none"
    let configuration = loss.map { loss -> JSONValue in
      ["training": ["loss": loss, "augmentation": augmentation], "dataset": data]
    }
    return .init(
      label: label, levels: levels, isBaseline: isBaseline,
      runs: (0..<3).map { (seed: UInt64) in
        var run = SampleSweep.run(seed, accuracy: 0.9 + Double(seed) / 100, loss: value * (1 + Double(seed) * 0.013))
        run.configuration = configuration ?? [:]
        run.metrics["train_loss"] = value * (1 + Double(seed) * 0.011)
        run.metrics["validation_loss"] = value * (1 + Double(seed * seed) * 0.011)
        if logLoss { run.metrics["test_log_loss"] = 1 + value / 10 + Double(seed * seed) * 0.011 }
        return run
      })
  }

  private func twoLosses(_ other: JSONValue = ["name": "focal", "alpha": 0.25, "gamma": 2]) -> Sweep {
    SampleSweep.sweep(
      [
        variant(
          "baseline", loss: Self.crossEntropy, value: 1.1, levels: ["conv": "static", "loss": "ce"], isBaseline: true),
        variant("odconv", loss: Self.crossEntropy, value: 1.0, levels: ["conv": "odconv", "loss": "ce"]),
        variant("focal", loss: other, value: 0.1, levels: ["conv": "static", "loss": "focal"]),
        variant("odconv, focal", loss: other, value: 0.09, levels: ["conv": "odconv", "loss": "focal"]),
      ], factors: [.init(name: "conv", levels: ["static", "odconv"]), .init(name: "loss", levels: ["ce", "focal"])])
  }

  private func message(_ sweep: Sweep, _ options: ReportOptions, by factors: [String] = []) -> String {
    do {
      _ = try SweepTables.table(sweep, by: factors, options: options)
      return "no error"
    } catch { return error.description }
  }

  @Test(arguments: ["test_loss", "validation_loss", "train_loss"])
  func valuesOfAnotherLossAreNotCompared(metric: String) throws {
    let table = try ComparisonTable(twoLosses(), options: .init(metrics: [metric], multiplicity: .holm))
    let differences = table.rows.map { $0.results[0].difference }
    #expect(differences.map { $0 != nil } == [false, true, false, false])
    #expect(differences[1]?.pValue != nil)
    #expect(!table.rows.contains { $0.results[0].isBest })
    let report = table.table
    let cells = report.rows.map(\.cells)
    let column = try #require(report.columns.firstIndex { $0.fields.contains(metric + "_difference") })
    #expect(cells.map { $0[column].text }.suffix(2) == ["other loss", "other loss"])
    #expect(cells[2][column].notes == [1] && cells[3][column].notes == [1] && cells[1][column].notes.isEmpty)
    #expect(
      report.numberedNotes == [
        "2 rows: its loss function is focal (alpha 0.25, gamma 2), the baseline's cross-entropy: values of different "
          + "loss functions are not compared; test_log_loss is the log loss, the same function for every run"
      ])
    #expect(
      report.notes.contains(
        "No value is marked as best: values of different loss functions are not comparable."))
    for format in TableFormats.registry.entries {
      let text = report.rendered(as: format, options: .init(width: 240))
      #expect(text.contains("values of different loss functions are not compared"), "\(format.name):\n\(text)")
      #expect(!text.contains("−0.9") && !text.contains("-0.9"), "\(format.name):\n\(text)")
    }
  }

  @Test(
    arguments: [
      ["name": "cross-entropy", "label_smoothing": 0.1], ["name": "focal", "alpha": 1, "gamma": 2],
      ["name": "adaptive", "alpha": 0.25, "beta": 0.999, "gamma": 2], "my-loss",
    ] as [JSONValue])
  func everyOptionMakesAnotherFunction(loss: JSONValue) throws {
    let table = try ComparisonTable(twoLosses(loss), options: .init(metrics: ["loss"]))
    #expect(table.rows[2].results[0].difference == nil && table.rows[2].results[0].incomparability != nil)
    // Options of one loss are compared as well.
    var sweep = twoLosses(loss)
    sweep.variants[0].isBaseline = false
    sweep.variants[2].isBaseline = true
    let turned = try ComparisonTable(sweep, options: .init(metrics: ["loss"]))
    #expect(turned.rows.map { $0.results[0].difference != nil } == [false, false, false, true])
  }

  @Test func whatIsNoLossIsComparedAsEver() throws {
    for metric in ["test_accuracy", "test_log_loss"] {
      let table = try ComparisonTable(twoLosses(), options: .init(metrics: [metric]))
      #expect(table.rows.map { $0.results[0].difference != nil } == [false, true, true, true], "\(metric)")
    }
    let table = try ComparisonTable(
      twoLosses(), options: .init(metrics: ["log_loss"], sort: .init(column: "log_loss")))
    #expect(table.metrics[0].direction == .lowerIsBetter)
    #expect(table.rows.map(\.label) == ["odconv, focal", "focal", "odconv", "baseline"])
  }

  @Test func classWeightsAreThoseOfTheTrainingImages() throws {
    let adaptive: JSONValue = ["name": "adaptive", "alpha": 0.25, "beta": 0.999, "gamma": 2]
    func differences(_ loss: JSONValue) throws -> [Bool] {
      let sweep = SampleSweep.sweep([
        variant("all", loss: loss, data: ["name": "gtsrb", "train_limit": .null], value: 1, isBaseline: true),
        variant("few", loss: loss, data: ["name": "gtsrb", "train_limit": 100], value: 1.2),
      ])
      return try ComparisonTable(sweep, options: .init(metrics: ["loss"])).rows.map { $0.results[0].difference != nil }
    }
    #expect(try differences(adaptive) == [false, false])
    #expect(try differences(Self.crossEntropy) == [false, true])
  }

  @Test func mixedLabelsChangeTheTrainingLossOnly() throws {
    let sweep = SampleSweep.sweep([
      variant("plain", loss: Self.crossEntropy, value: 1, isBaseline: true),
      variant("mixup", loss: Self.crossEntropy, mixup: 0.2, value: 1.5),
    ])
    func compares(_ metric: String) throws -> Bool {
      try ComparisonTable(sweep, options: .init(metrics: [metric])).rows[1].results[0].difference != nil
    }
    #expect(try !compares("train_loss"))
    #expect(try compares("test_loss") && compares("validation_loss"))
  }

  @Test func ordersAndMeansAcrossLossesAreRefused() throws {
    let sentence =
      "test_loss is the value of different loss functions here (cross-entropy; focal (alpha 0.25, gamma 2)), which are "
      + "not comparable: they cannot be sorted by it or averaged over; ask for test_log_loss, the same function for "
      + "every run, or keep to one loss with --filter"
    for column in ["test_loss", "test_loss:descending", "test_loss_difference"] {
      let options = ReportOptions(metrics: ["loss"], sort: try .init(parsing: column))
      #expect(message(twoLosses(), options) == sentence, "\(column)")
    }
    for factors in [["loss"], ["conv"], ["conv", "loss"]] {
      #expect(message(twoLosses(), .init(metrics: ["loss"]), by: factors) == sentence, "\(factors)")
    }
    // One loss is enough of a restriction, and other metrics need none.
    let one = [LevelFilter(factor: "loss", level: "focal")]
    #expect(message(twoLosses(), .init(metrics: ["loss"], filters: one), by: ["conv"]) == "no error")
    #expect(
      message(twoLosses(), .init(metrics: ["loss"], filters: one, sort: .init(column: "loss"))) == "no error")
    #expect(message(twoLosses(), .init(metrics: ["accuracy"], sort: .init(column: "accuracy"))) == "no error")
    #expect(message(twoLosses(), .init(metrics: ["accuracy"]), by: ["loss"]) == "no error")
  }

  @Test func runsWithoutALogLossAreToldSo() throws {
    let sweep = SampleSweep.sweep([
      variant("a", loss: Self.crossEntropy, value: 1, isBaseline: true, logLoss: false),
      variant("b", loss: ["name": "focal"], value: 0.1, logLoss: false),
    ])
    let table = try ComparisonTable(sweep, options: .init(metrics: ["loss"])).table
    #expect(table.numberedNotes[0].hasSuffix("but these runs were stored without it"))
    #expect(
      message(sweep, .init(metrics: ["loss"], sort: .init(column: "loss")))
        .contains("keep to one loss with --filter (these runs were stored without test_log_loss"))
  }

  @Test func withoutABaselineTheTableSaysSo() throws {
    var sweep = twoLosses()
    sweep.variants[0].isBaseline = false
    let table = try ComparisonTable(sweep, options: .init(metrics: ["loss"])).table
    #expect(
      table.notes.contains(
        "test_loss is the value of different loss functions, which are not comparable: cross-entropy; "
          + "focal (alpha 0.25, gamma 2)."))
    #expect(table.rows.allSatisfy { $0.cells.allSatisfy { $0.role != .best } })
  }

  @Test func unknownConfigurationsAreComparedAsBefore() throws {
    let sweep = SampleSweep.sweep([
      variant("a", loss: nil, value: 1, isBaseline: true), variant("b", loss: nil, value: 0.1),
    ])
    let table = try ComparisonTable(sweep, options: .init(metrics: ["loss"]))
    #expect(table.rows[1].results[0].difference?.interval != nil)
  }

  @Test func listsOfRunsSayItToo() throws {
    let table = try ListTables.runs(twoLosses(), metrics: ["loss"])
    #expect(
      table.notes == [
        "test_loss is the value of different loss functions, which are not comparable: cross-entropy; "
          + "focal (alpha 0.25, gamma 2)."
      ])
    #expect(try ListTables.runs(twoLosses()).notes.isEmpty)
  }
}
