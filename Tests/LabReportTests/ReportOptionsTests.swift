import LabRecords
import LabReport
import Testing

@Suite struct ReportOptionsTests {
  private func labels(_ options: ReportOptions) throws -> [String] {
    try ComparisonTable(SampleSweep.mixed, options: options).rows.map(\.label)
  }

  private func message(_ options: ReportOptions, by factors: [String] = []) -> String {
    do {
      _ = try SweepTables.table(SampleSweep.mixed, by: factors, options: options)
      return "no error"
    } catch {
      return error.description
    }
  }

  // MARK: Metrics

  @Test func metricsAreFoundWithAndWithoutTheirSplit() throws {
    let table = try ComparisonTable(SampleSweep.mixed, options: .init(metrics: ["loss", "test_accuracy", "accuracy"]))
    #expect(table.metrics.map(\.name) == ["test_loss", "test_accuracy"])
  }

  @Test func unknownMetrics() {
    #expect(
      message(.init(metrics: ["test_acuracy"]))
        == "no run has a metric \"test_acuracy\" (did you mean \"test_accuracy\"?)")
    #expect(
      message(.init(metrics: ["xyz"]))
        == "no run has a metric \"xyz\"; there are test_accuracy, test_loss, test_macro_f1")
  }

  @Test func beforeTheFirstResultTheCatalogueDecides() throws {
    let sweep = SampleSweep.sweep([
      .init(label: "a", levels: [:], isBaseline: true, runs: [SampleSweep.run(0, .pending, epochs: 0)])
    ])
    #expect(try ComparisonTable(sweep).metrics.map(\.name) == MetricDescription.defaultNames)
    let table = try ComparisonTable(sweep, options: .init(metrics: ["ece", "train_loss"]))
    #expect(table.metrics.map(\.name) == ["test_ece", "train_loss"])
    #expect(throws: ReportError.self) { try ComparisonTable(sweep, options: .init(metrics: ["acuracy"])) }
  }

  // MARK: Filters

  @Test func filters() throws {
    #expect(try labels(.init(filters: [.init(parsing: "conv=static")])) == ["static, strided", "static, spd"])
    #expect(
      try labels(.init(filters: [.init(parsing: "conv=static"), .init(parsing: "downsample=spd")])) == ["static, spd"])
    #expect(try labels(.init(filters: [.init(parsing: "conv=static"), .init(parsing: "conv=odconv-4x")])).count == 4)
  }

  @Test func aFilteredBaselineStillIsTheReference() throws {
    let table = try ComparisonTable(SampleSweep.mixed, options: .init(filters: [.init(parsing: "downsample=spd")]))
    #expect(table.rows[0].results[0].difference != nil)
    #expect(table.table.notes.contains("Differences are to static, strided, which the filter leaves out."))
    #expect(table.table.subtitle?.hasSuffix("2 of 4 variants shown") ?? false)
  }

  @Test func badFilters() throws {
    #expect(
      message(.init(filters: [.init(factor: "cnv", level: "static")]))
        == "the sweep has no factor \"cnv\" (did you mean \"conv\"?)")
    #expect(
      message(.init(filters: [.init(factor: "conv", level: "odconv4x")]))
        == "factor \"conv\" has no level \"odconv4x\" (did you mean \"odconv-4x\"?)")
    #expect(throws: ReportError.malformedFilter("conv")) { try LevelFilter(parsing: "conv") }
    #expect(throws: ReportError.malformedFilter("=x")) { try LevelFilter(parsing: "=x") }
    #expect(
      ReportError.malformedFilter("conv=").description
        == "a filter is written factor=level, such as conv=static, but \"conv=\" was given")
    #expect(try LevelFilter(parsing: "a=b=c") == LevelFilter(factor: "a", level: "b=c"))
  }

  // MARK: Sorting

  @Test(arguments: [
    ("test_accuracy", [1, 2, 0, 3]), ("accuracy:ascending", [0, 2, 1, 3]), ("test_accuracy_difference", [1, 2, 0, 3]),
    ("macro_f1:asc", [0, 2, 1, 3]), ("parameters", [0, 1, 2, 3]), ("parameters:descending", [2, 1, 0, 3]),
    ("multiply_adds:desc", [1, 2, 0, 3]), ("train_seconds", [0, 1, 2, 3]), ("images_per_second", [0, 1, 2, 3]),
    ("n", [0, 1, 2, 3]), ("n:ascending", [3, 2, 0, 1]), ("variant", [3, 2, 1, 0]), ("variant:desc", [0, 1, 2, 3]),
    ("downsample", [0, 2, 1, 3]), ("conv:descending", [2, 3, 0, 1]),
  ])
  func sorting(text: String, order: [Int]) throws {
    let rows = try ComparisonTable(SampleSweep.mixed, options: .init(sort: .init(parsing: text))).rows
    #expect(rows.map(\.variantIndex) == order)
  }

  @Test func lowerIsBetterSortsUpwards() throws {
    let options = ReportOptions(metrics: ["loss"], sort: .init(column: "loss"))
    #expect(try ComparisonTable(SampleSweep.mixed, options: options).rows.map(\.variantIndex) == [1, 2, 0, 3])
  }

  @Test func badSorting() {
    #expect(
      message(.init(sort: .init(column: "parametres")))
        == "the table has no column \"parametres\" to sort by (did you mean \"parameters\"?)")
    #expect(
      message(.init(sort: .init(column: "zzzzzz")), by: ["conv"])
        == "the table has no column \"zzzzzz\" to sort by; there are level, n, test_accuracy, "
        + "test_accuracy_difference, test_macro_f1, test_macro_f1_difference")
    #expect(throws: ReportError.unknownDirection("up")) { try SortOrder(parsing: "n:up") }
  }

  // MARK: The rest

  @Test func badLevelsFormatsAndGroupings() {
    #expect(
      message(.init(confidenceLevel: 95)) == "a confidence level lies between 0 and 1, such as 0.95, but 95.0 was given"
    )
    #expect(message(.init(confidenceLevel: .nan)).hasPrefix("a confidence level"))
    #expect(
      message(.init(), by: ["conv", "conv"])
        == "means can be taken by one factor or by two different ones, but 2 were given: conv, conv")
    #expect(message(.init(), by: ["a", "b", "c"]).hasPrefix("means can be taken"))
    #expect(
      message(.init(), by: ["downsampel"]) == "the sweep has no factor \"downsampel\" (did you mean \"downsample\"?)")
    #expect(throws: ReportError.self) { try TableFormats.named("xml") }
    #expect(
      ReportError.unknownFormat("markdwon", available: TableFormats.registry.names).description
        == "there is no format \"markdwon\" (did you mean \"markdown\"?)")
    #expect(throws: Never.self) { try TableFormats.named("JSON") }
  }
}
