import Foundation
import LabCore
import LabRecords
import LabReport
import LabStats
import Testing

@Suite struct ViewTests {
  private let plain = TableRenderingOptions(width: 100, showsLegend: false)

  // MARK: Layers

  private let layers = LayerTable(
    modelName: "resnet20", inputShape: [64, 3, 32, 32],
    layers: [
      .init(
        path: "conv1", operation: "conv 3×3", outputShape: [64, 16, 32, 32], parameterCount: 432,
        multiplyAdds: 442_368, activationBytes: 4_194_304),
      .init(
        path: "bn1", operation: "batch norm", outputShape: [64, 16, 32, 32], parameterCount: 32, multiplyAdds: 0,
        activationBytes: 4_194_304),
      .init(
        path: "fc", operation: "linear", outputShape: [64, 10], parameterCount: 650, multiplyAdds: 640,
        activationBytes: 2560),
    ])

  @Test func layersWithTotals() throws {
    #expect(
      layers.table.rendered(options: plain) == """
        resnet20
        input 64×3×32×32 · 1.114 k parameters · 443.0 k multiply-adds · 8.00 MiB of activations
        ┌───────┬────────────┬─────────────┬────────────┬───────────┬────────────┐
        │ layer │ operation  │      output │ parameters │ multiply- │ activation │
        │       │            │             │            │      adds │            │
        ├───────┼────────────┼─────────────┼────────────┼───────────┼────────────┤
        │ conv1 │ conv 3×3   │ 64×16×32×32 │        432 │   442,368 │   4.00 MiB │
        │ bn1   │ batch norm │ 64×16×32×32 │         32 │           │   4.00 MiB │
        │ fc    │ linear     │       64×10 │        650 │       640 │   2.50 KiB │
        ├───────┼────────────┼─────────────┼────────────┼───────────┼────────────┤
        │ total │            │             │      1,114 │   443,008 │   8.00 MiB │
        └───────┴────────────┴─────────────┴────────────┴───────────┴────────────┘

        """)
    let markdown = layers.table.rendered(as: try TableFormats.named("markdown"), options: plain)
    #expect(markdown.hasSuffix("| **total** |  |  | **1,114** | **443,008** | **8.00 MiB** |\n"))
    let json = layers.table.json
    #expect(json["rows"]?.arrayValue?.count == 3)
    #expect(json["rows"]?.arrayValue?.last?["output_shape"] == [64, 10])
    #expect(json["total"]?["multiply_adds"] == 443_008)
    #expect(json["input_shape"] == [64, 3, 32, 32])
  }

  @Test func aModelWithoutLayersHasZeroTotals() {
    let empty = LayerTable(modelName: "empty", inputShape: .scalar, layers: [])
    #expect(empty.table.json["total"]?["parameters"] == 0)
    #expect(empty.table.rendered(options: plain).contains("input scalar · 0 parameters"))
  }

  // MARK: Plan

  private func plan(seconds: Double? = 90) -> PlanTable {
    PlanTable(
      name: "ablation",
      cells: (0..<3).flatMap { seed -> [PlanTable.Cell] in
        [
          .init(
            variant: "static", seed: seed, action: .reuse, reason: "complete", parameterCount: 272_474,
            multiplyAdds: 40_551_040, memoryBytes: 104_857_600),
          .init(
            variant: "odconv-4x", seed: seed, action: seed == 0 ? .resume : .run,
            reason: seed == 0 ? "interrupted after 3 of 10 epochs" : "new", parameterCount: 1_089_116,
            multiplyAdds: 42_910_115, memoryBytes: 209_715_200, seconds: seconds),
        ]
      }, workerCount: 2, notes: ["No longer in the spec: dyconv (3 runs)."])
  }

  @Test func planByVariant() {
    #expect(
      plan().table().rendered(options: plain) == """
        ablation
        6 runs: 2 to run, 1 to resume, 3 complete already; about 2 min 15 s with 2 workers
        ┌───────────┬───────┬────────┬─────────┬───────────┬─────────┬─────────┬───────────────────────────┐
        │ variant   │ seeds │ action │  params │ multiply- │  memory │    time │ why                       │
        │           │       │        │         │      adds │         │         │                           │
        ├───────────┼───────┼────────┼─────────┼───────────┼─────────┼─────────┼───────────────────────────┤
        │ static    │ 0–2   │ reuse  │ 272.5 k │   40.55 M │ 100 MiB │       – │ complete                  │
        │ odconv-4x │ 0     │ resume │ 1.089 M │   42.91 M │ 200 MiB │  90.0 s │ interrupted after 3 of 10 │
        │           │       │        │         │           │         │         │ epochs                    │
        │ odconv-4x │ 1, 2  │ run    │ 1.089 M │   42.91 M │ 200 MiB │ 3.0 min │ new                       │
        └───────────┴───────┴────────┴─────────┴───────────┴─────────┴─────────┴───────────────────────────┘
        No longer in the spec: dyconv (3 runs).

        """)
  }

  @Test func planByCell() {
    let table = plan().table(groupsSeeds: false)
    #expect(table.rows.count == 6)
    #expect(table.json["counts"] == ["run": 2, "resume": 1, "reuse": 3, "skip": 0])
    #expect(table.json["rows"]?.arrayValue?[1]["seeds"] == [0])
    #expect(table.json["estimated_seconds"] == .number(135))
  }

  @Test func planEstimates() {
    // A single long run cannot be shared.
    let one = PlanTable(
      name: "x", cells: [.init(variant: "a", seed: 0, action: .run, reason: "new", seconds: 100)], workerCount: 4)
    #expect(one.estimatedSeconds == 100)
    #expect(one.summary == "1 run: 1 to run; about 1 min 40 s with 4 workers")
    #expect(plan(seconds: nil).estimatedSeconds == nil)
    #expect(plan(seconds: nil).summary == "6 runs: 2 to run, 1 to resume, 3 complete already")
    #expect(PlanTable(name: "x", cells: [], workerCount: 1).summary == "0 runs: nothing to do")
  }

  // MARK: Progress

  private let progress = SweepProgress(
    name: "ablation", planned: 36, completed: 12, reused: 2, diverged: 1, elapsedSeconds: 252, remainingSeconds: 510,
    workers: [
      .init(
        phase: .training, variant: "odconv-4x, spd, focal", seed: 0, epoch: 3, epochCount: 15, step: 120,
        stepCount: 235, loss: 0.41234, imagesPerSecond: 5120.3, remainingSeconds: 42),
      .init(
        phase: .evaluating, variant: "static, strided", seed: 12, epoch: 15, epochCount: 15, step: 235, stepCount: 235,
        loss: 0.0213, imagesPerSecond: 12_120, remainingSeconds: 2),
      .init(phase: .preparing("decoding images, 34 %"), variant: "static, spd", seed: 2), .init(),
    ])

  @Test func progressLinesLineUp() {
    #expect(
      ProgressView.lines(progress, width: 120) == [
        "odconv-4x, spd, focal · seed 0  ▕██          ▏   epoch 3/15  step 120/235  loss 0.4123   5,120 images/s  ETA 42 s",
        "static, strided · seed 12       ▕████████████▏  epoch 15/15    evaluating  loss 0.0213  12,120 images/s   ETA 2 s",
        "static, spd · seed 2  decoding images, 34 %",
        "idle",
        "ablation  ▕█████████▍              ▏  12/36 runs  1 diverged  2 reused  4 min 12 s elapsed  about 8 min 30 s left",
      ])
  }

  @Test func narrowProgressKeepsTheSeed() {
    #expect(
      ProgressView.lines(progress, width: 60) == [
        "odconv-4x, spd… · seed 0   epoch 3/15  loss 0.4123  ETA 42 s",
        "static, strid… · seed 12  epoch 15/15  loss 0.0213   ETA 2 s", "static, spd · seed 2  decoding images, 34 %",
        "idle", "▕████▎      ▏  12/36 runs  1 diverged  about 8 min 30 s left",
      ])
  }

  @Test(arguments: [1, 5, 12, 20, 33, 40, 60, 80, 100, 120, 200])
  func progressFitsAnyWidth(width: Int) {
    for style in [Style.plain, .colored] {
      let lines = ProgressView.lines(progress, width: width, style: style)
      #expect(lines.count == 5)
      #expect((lines.map(\.displayWidth).max() ?? 0) <= width)
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6])
  func progressFitsAnyHeight(height: Int) {
    let lines = ProgressView.lines(progress, width: 80, height: height)
    #expect(lines.count == min(height, 5))
    #expect(lines.last?.contains("12/36 runs") == true)
    let counted = [2: "… and 4 workers", 3: "… and 3 more workers", 4: "… and 2 more workers"]
    if let text = counted[height] { #expect(lines[height - 2] == text) }
  }

  @Test func progressForALogFile() {
    #expect(
      progress.workers.map { ProgressView.logLine($0) } == [
        "odconv-4x, spd, focal · seed 0  epoch 3/15  step 120/235  loss 0.4123  5,120 images/s  ETA 42 s",
        "static, strided · seed 12  epoch 15/15  loss 0.0213  12,120 images/s  ETA 2 s",
        "static, spd · seed 2  decoding images, 34 %", "idle",
      ])
    #expect(
      ProgressView.logLine(progress)
        == "ablation:  12/36 runs  1 diverged  2 reused  4 min 12 s elapsed  about 8 min 30 s left")
    var stopping = progress
    stopping.isStopping = true
    #expect(ProgressView.logLine(stopping).hasSuffix("4 min 12 s elapsed  stopping"))
  }

  @Test func progressBeforeAnythingIsKnown() {
    let start = SweepProgress(
      name: "x", planned: 0,
      workers: [.init(phase: .training, variant: "a", epoch: 1, epochCount: 2, loss: .nan)])
    #expect(
      ProgressView.lines(start, width: 80) == [
        "a · seed 0  ▕            ▏  epoch 1/2  loss NaN", "x  ▕████████████████████████▏  0/0 runs  0 s elapsed",
      ])
  }

  // MARK: Summary and lists

  @Test func summaryOfAnInterruptedSweep() {
    let summary = SweepSummary(
      sweep: SampleSweep.mixed, trained: 4, resumed: 1, reused: 2, elapsedSeconds: 603, isInterrupted: true,
      resumeCommand: "labrun sweep ablation")
    #expect(
      summary.lines(width: 90) == [
        "ablation was interrupted: 7 of 12 runs completed (4 trained, 1 resumed, 2 reused), 1",
        "  diverged, 1 failed, 1 interrupted, 1 running, 1 not started, in 10 min 03 s",
        "  odconv-4x, strided, seed 1 diverged: loss NaN at epoch 2",
        "  odconv-4x, spd, seed 0 failed: out of memory",
        "To go on with the 3 runs left: labrun sweep ablation",
        "To try the 2 unsuccessful runs again: labrun sweep ablation --retry-failed",
      ])
  }

  @Test func summaryOfACompleteSweep() {
    let sweep = SampleSweep.sweep([SampleSweep.variant("a", accuracies: [0.9, 0.9, 0.9])])
    let summary = SweepSummary(sweep: sweep, trained: 3, elapsedSeconds: 61, resumeCommand: "labrun sweep a")
    #expect(summary.lines() == ["ablation: 3 of 3 runs completed (3 trained), in 1 min 01 s"])
  }

  @Test func lists() throws {
    #expect(
      ListTables.sweeps([SampleSweep.mixed]).rendered(options: .init(width: 80, showsLegend: false)) == """
        Sweeps
        ┌───────┬──────────┬──────────┬───────┬──────┬─────────────────────────────────┐
        │ sweep │ name     │ variants │ seeds │ runs │ state                           │
        ├───────┼──────────┼──────────┼───────┼──────┼─────────────────────────────────┤
        │     3 │ ablation │        4 │     3 │ 7/12 │ 1 diverged, 1 failed, 1         │
        │       │          │          │       │      │ interrupted, 1 running, 1 not   │
        │       │          │          │       │      │ started                         │
        └───────┴──────────┴──────────┴───────┴──────┴─────────────────────────────────┘
        Not shown at this width: started (UTC).

        """)
    let runs = try ListTables.runs(SampleSweep.mixed, metrics: ["accuracy"])
    #expect(runs.rows.count == 12)
    #expect(
      runs.rows[7].cells.map(\.text).dropFirst() == [
        "odconv-4x, strided", "1", "diverged", "2/10", "–", "–", "loss NaN at epoch 2",
      ])
    #expect(throws: ReportError.self) { try ListTables.runs(SampleSweep.mixed, metrics: ["acc"]) }
    // A column more where a process tells how far it is.
    var sweep = SampleSweep.mixed
    let place = try #require(sweep.variants.indices.first { sweep.variants[$0].runs.contains { $0.state == .running } })
    let index = try #require(sweep.variants[place].runs.firstIndex { $0.state == .running })
    sweep.variants[place].runs[index].progress = RunProgress(
      epoch: 6, epochs: 10, step: 3, stepsPerEpoch: 8, loss: 0.5, activity: "evaluating")
    let told = try ListTables.runs(sweep, metrics: ["accuracy"])
    #expect(told.columns.count == runs.columns.count + 1 && told.columns[5].fields == ["progress"])
    #expect(told.rows[3 * place + index].cells[5].text == "evaluating · loss 0.5000")
    #expect(told.rows[3 * place + index].cells[5].values[0]["step"] == 3)
    #expect(told.rows[0].cells[5].text.isEmpty && told.rows[0].cells[5].values == [.null])
    #expect(try ListTables.runs(sweep, metrics: ["accuracy"], showsProgress: false).columns.count == runs.columns.count)
    #expect(ListTables.sweeps([]).rendered() == "Sweeps\n(no rows)\n")
  }
}
