import LabCore
import LabRecords

extension SweepReport {
  /// What failed, what is missing, and what is odd about the runs that completed.
  var healthBlocks: [ReportPage.Block] {
    let problems = sweep.variants.compactMap { variant -> ReportPage.Item? in
      let tally = RunTally(variant, seeds: sweep.seeds, metrics: table.metrics.map(\.name))
      guard !tally.problems.isEmpty else { return nil }
      return .init(
        "\(variant.label.singleLine): \(tally.text) completed; \(tally.problems.joined(separator: "; "))",
        role: tally.unsuccessful > 0 ? .failure : .warning)
    }
    let notes = sweep.healthNotes(of: Array(sweep.variants.indices), limit: 12)
    let summary: String =
      switch (problems.isEmpty, notes.isEmpty) {
      case (true, true) where sweep.imported != nil:
        "All runs completed, as the imported file tells; their courses were not looked at."
      case (true, true): "All runs completed, and there is nothing odd about the course of any."
      case (true, false): "All runs completed. What is odd about their courses:"
      case (false, _): "These runs have no result; they are counted, and never averaged away:"
      }
    var blocks: [ReportPage.Block] = [.paragraph(summary)]
    if !problems.isEmpty { blocks.append(.list(problems)) }
    if !problems.isEmpty, !notes.isEmpty { blocks.append(.paragraph("What is odd about the courses of the others:")) }
    if !notes.isEmpty { blocks.append(.list(notes.map { .init($0) })) }
    if !records.problems.isEmpty {
      blocks += [.paragraph("What could not be read, and is missing here:"), .list(records.problems.map { .init($0) })]
    }
    return blocks
  }

  /// Every run with what links lead to it by.
  var runBlocks: [ReportPage.Block] {
    // A training that two variants need is one run; links lead to the first row.
    var seen: Set<RunIdentity> = []
    let cells = sweep.cells
    let anchors = cells.map { cell in
      seen.insert(cell.run.identity).inserted
        ? "run-\(cell.run.identity.short)" : "run-\(cell.run.identity.short)-\(cell.run.seed)"
    }
    let table = ReportTable(
      kind: "runs", title: "Runs", subtitle: "labrun show RUN tells all of one",
      columns: [
        .init("run", fields: ["run"]), .init("variant", fields: ["variant"], wraps: true),
        .init("seed", fields: ["seed"], alignment: .right), .init("state", fields: ["state"]),
      ]
        + table.metrics.map { .init($0.titleWithUnit, fields: [$0.name], alignment: .right) } + [
          .init("epochs", fields: ["epochs"], alignment: .right),
          .init("train", "time", fields: ["train_seconds"], alignment: .right),
          .init("weights", fields: ["weights_hash"], legend: "the first digits of the final weights' hash"),
        ],
      rows: cells.map(row))
    let block = ReportPage.Block.table(table, anchors: anchors)
    return [block]
  }

  private func row(_ cell: Cell) -> ReportTable.Row {
    let run = cell.run
    let isCompleted = run.state == .completed
    let hash = records.finals[run.identity]?.weightsHash?.hexadecimal
    return .init(
      [
        .init(run.identity.short, values: [.string(run.identity.hash.hexadecimal)]), .string(cell.variant.label),
        .init("\(run.seed)", values: [JSONValue(seed: run.seed)]),
        .string(run.state.rawValue, role: isCompleted ? nil : run.state.isTerminal ? .failure : .warning),
      ]
        + table.metrics.enumerated().map { index, metric in
          guard isCompleted, let value = run.metrics[MetricName(metric.name)], value.isFinite else { return .missing() }
          return .init(
            metric.text(value, decimals: metric.decimals(for: table.rows.lazy.compactMap { $0.results[index].mean })),
            values: [.number(value)])
        } + [
          .init("\(run.completedEpochs)/\(run.plannedEpochs)", values: [.integer(run.completedEpochs)]),
          run.trainSeconds.map { .init(NumberText.seconds($0), values: [.number($0)]) } ?? .missing(),
          hash.map { .init(String($0.prefix(12)), values: [.string($0)]) } ?? .missing(),
        ])
  }
}
