import Foundation
import LabCore
import LabRecords
import LabReport
import LabStats
import Testing

@Suite struct RunReportTests {
  private func run(_ identity: String, _ state: RunState, seed: UInt64 = 0, epochs: Int = 10) -> Run {
    var run = Run(
      identity: RunIdentity(hash: ContentHash(hexadecimal: identity)), configuration: [:],
      dataHash: ContentHash(of: "data"), seed: seed, plannedEpochs: epochs)
    run.state = state
    return run
  }

  private func details(classCount: Int = 3, names: [String] = ["shirt", "trousers", "shoe"]) -> RunDetails {
    var confusion = ConfusionMatrix(classCount: classCount)
    for index in 0..<classCount {
      confusion.add(label: index, prediction: index, count: 90)
      confusion.add(label: index, prediction: (index + 1) % classCount, count: 10 - index % 10)
    }
    var run = run("0123456789abcdef", .completed, seed: 1, epochs: 4)
    run.configuration = [
      "training": ["epochs": 4, "learning_rate": 0.1, "augmentation": ["crop", "flip"], "note": nil],
      "model": ["conv": ["name": "odconv", "kernels": 4]], "empty": [:],
    ]
    return RunDetails(
      run: run, variant: "odconv-4x, spd", sweeps: ["ablation"],
      epochs: (1...4).map { epoch in
        .init(
          number: epoch,
          metrics: ["train_loss": 2 / Double(epoch), "validation_accuracy": [0.5, 0.8, 0.9, 0.85][epoch - 1]])
      },
      final: FinalRecord(
        metrics: ["test_accuracy": 0.9375, "test_loss": 0.25, "train_accuracy": 0.99], classNames: names,
        confusion: confusion),
      provenance: [.init("host", "node7"), .init("git commit", "0a1b2c3 (modified)")])
  }

  @Test func theLogIsShownWithItsTimes() throws {
    var details = details()
    details.log = [.init("2026-01-02T03:04:05Z", "claimed by process 7 on node7")]
    let report = RunReport(details)
    #expect(report.text().contains("Log\n  2026-01-02T03:04:05Z  claimed by process 7 on node7\n"))
    #expect(report.json["log"]?.arrayValue?.first?["message"]?.stringValue == "claimed by process 7 on node7")
  }

  @Test func whatARunIsAboutIsShown() throws {
    var details = details()
    details.run.state = .running
    details.run.progress = RunProgress(
      epoch: 4, epochs: 9, step: 3, stepsPerEpoch: 8, loss: .infinity, imagesPerSecond: 99.5, remainingSeconds: 300)
    details.run.progressAt = Date()
    let report = RunReport(details)
    #expect(report.text().contains("\nnow: epoch 5/9 · step 3/8 · loss – · 99.5 images/s · "))
    let progress = try #require(report.json["progress"])
    #expect(progress["epoch"] == 5 && progress["step"] == 3 && progress["steps_per_epoch"] == 8)
    #expect(progress["epochs"] == 9 && progress["loss"] == .null && progress["images_per_second"] == 99.5)
    #expect(progress["remaining_seconds"]?.doubleValue == 300 && progress["activity"] == .null)
    #expect(progress["at"]?.stringValue?.hasSuffix("Z") == true)
    details.run.progress = nil
    #expect(RunReport(details).json["progress"] == .null && !RunReport(details).text().contains("now:"))
  }

  @Test func text() {
    #expect(
      RunReport(details()).text(options: .init(width: 80)) == """
        run 0123456789ab · odconv-4x, spd · seed 1
        completed · 4 of 4 epochs · in ablation

        Results
        ┌──────────────────┬────────┐
        │ metric           │  value │
        ├──────────────────┼────────┤
        │ test accuracy %  │  93.75 │
        │ test loss        │ 0.2500 │
        │ train accuracy % │  99.00 │
        └──────────────────┴────────┘

        Curves
        ┌───────────────────────┬────────┬────────┬────────┬───────┬───────┐
        │ metric                │  first │   last │   best │ epoch │ curve │
        ├───────────────────────┼────────┼────────┼────────┼───────┼───────┤
        │ train loss            │ 2.0000 │ 0.5000 │ 0.5000 │     4 │ █▃▁▁  │
        │ validation accuracy % │  50.00 │  85.00 │  90.00 │     3 │ ▁▇█▇  │
        └───────────────────────┴────────┴────────┴────────┴───────┴───────┘

        Classes
        ┌──────────────────┬─────────────┬──────────┬───────┬────────┐
        │ class            │ precision % │ recall % │  F1 % │ images │
        ├──────────────────┼─────────────┼──────────┼───────┼────────┤
        │ shirt            │       91.84 │    90.00 │ 90.91 │    100 │
        │ trousers         │       90.00 │    90.91 │ 90.45 │     99 │
        │ shoe             │       90.91 │    91.84 │ 91.37 │     98 │
        ├──────────────────┼─────────────┼──────────┼───────┼────────┤
        │ macro average    │       90.92 │    90.92 │ 90.91 │    297 │
        │ weighted average │       90.92 │    90.91 │ 90.91 │    297 │
        └──────────────────┴─────────────┴──────────┴───────┴────────┘

        Confusion matrix (rows: true class, columns: predicted class)
                     0   1   2
        0 shirt     90  10   ·
        1 trousers   ·  90   9
        2 shoe       8   ·  90

        Configuration
          empty                   {}
          model.conv.kernels      4
          model.conv.name         odconv
          training.augmentation   ["crop", "flip"]
          training.epochs         4
          training.learning_rate  0.1
          training.note           null

        Provenance
          host        node7
          git commit  0a1b2c3 (modified)

        """)
  }

  /// Each count that is not 0 is a link that says what it is; of many classes, only these are in the table.
  @Test(arguments: [3, 25]) func countsLeadToTheirImages(classCount: Int) throws {
    let names = (0..<classCount).map { "<\($0)> & \"so\"" }
    let html = RunReport(details(classCount: classCount, names: names)).confusionCells(at: "/runs/0/images?")
      .joined(separator: "\n")
    let links = html.matches(of: /<a href="([^"]*)" aria-label="([^"]*)"(?: class="right")?>([^<]*)<\/a>/)
    // The classes whose number ends in 0 are 10 times taken for the next one, others less often.
    var expected: [String: (String, String)] = [:]
    for label in 0..<classCount {
      for (prediction, count) in [(label, 90), ((label + 1) % classCount, 10 - label % 10)] where count > 0 {
        func name(_ index: Int) -> String { "&lt;\(index)&gt; &amp; &quot;so&quot;" }
        expected["/runs/0/images?true=%23\(label)&amp;predicted=%23\(prediction)"] = (
          "true \(name(label)), predicted \(name(prediction)): \(count) image\(count == 1 ? "" : "s")",
          classCount > 20 ? "\(name(prediction)): \(count)" : "\(count)"
        )
      }
    }
    #expect(links.count == expected.count && links.count == 2 * classCount)
    for link in links {
      let (meaning, text) = try #require(expected[String(link.output.1)])
      #expect(String(link.output.2) == meaning && String(link.output.3) == text)
    }
    #expect(html.matches(of: /<th scope="row">/).count == classCount && html.contains("role=\"grid\""))
    #expect(html.matches(of: /<td/).count == (classCount > 20 ? 2 * classCount : classCount * classCount))
    // The page has no second table of the same.
    let blocks = RunReport(details(classCount: classCount)).page(confusionsAt: "/").sections
      .first { $0.anchor == "confusions" }?.blocks
    #expect(blocks?.count == (classCount > 20 ? 2 : 1))
    #expect(RunReport(RunDetails(run: run("00", .pending), variant: "a")).confusionCells(at: "/").isEmpty)
  }

  @Test func epochsAsATable() {
    let text = RunReport(details()).text(options: .init(width: 80, showsEpochs: true))
    #expect(
      text.contains(
        """
        Epochs
        ┌───────┬────────────┬───────────────────────┐
        │ epoch │ train loss │ validation accuracy % │
        ├───────┼────────────┼───────────────────────┤
        │     1 │     2.0000 │                 50.00 │
        │     2 │     1.0000 │                 80.00 │
        │     3 │     0.6667 │                 90.00 │
        │     4 │     0.5000 │                 85.00 │
        └───────┴────────────┴───────────────────────┘

        """))
    #expect(!text.contains("Curves"))
  }

  @Test func manyClassesListTheMostConfusedPairs() {
    let text = RunReport(details(classCount: 43, names: [])).text(options: .init(width: 80, confusedPairCount: 3))
    #expect(!text.contains("Confusion matrix"))
    #expect(
      text.contains(
        """
        Most confused classes
        30 of 247 errors
        ┌────────────┬───────────┬────────┬──────────────┐
        │ true class │ taken for │ images │ of the class │
        ├────────────┼───────────┼────────┼──────────────┤
        │ 0          │ 1         │     10 │       10.0 % │
        │ 10         │ 11        │     10 │       10.0 % │
        │ 20         │ 21        │     10 │       10.0 % │
        └────────────┴───────────┴────────┴──────────────┘

        """))
  }

  @Test func aMatrixThatDoesNotFitBecomesPairs() {
    let report = RunReport(details(classCount: 10, names: []))
    #expect(report.text(options: .init(width: 80)).contains("Confusion matrix"))
    #expect(report.text(options: .init(width: 35)).contains("Most confused classes"))
  }

  @Test(arguments: [20, 40, 60, 80, 120, 200])
  func noLineIsTooLong(width: Int) {
    for classCount in [3, 43] {
      for style in [Style.plain, .colored] {
        let text = RunReport(details(classCount: classCount)).text(options: .init(width: width, style: style))
        #expect((text.split(separator: "\n").map(\.displayWidth).max() ?? 0) <= width)
      }
    }
  }

  @Test func markdown() {
    let text = RunReport(details()).markdown()
    #expect(
      text.hasPrefix(
        """
        ## run 0123456789ab · odconv-4x, spd · seed 1

        completed · 4 of 4 epochs · in ablation

        ### Results

        | metric | value |
        | --- | ---: |
        | test accuracy % | 93.75 |

        """))
    #expect(text.contains("| shirt | 90 | 10 | 0 |\n"))
    #expect(text.contains("| training.learning\\_rate | 0.1 |\n"))
    #expect(text.contains("| git commit | 0a1b2c3 (modified) |\n"))
  }

  @Test func json() throws {
    let json = RunReport(details()).json
    #expect(json["run"] == "0123456789abcdef")
    #expect(json["seed"] == 1)
    #expect(json["confusion_matrix"] == [[90, 10, 0], [0, 90, 9], [8, 0, 90]])
    #expect(json["classes"]?.arrayValue?[1]["support"] == 99)
    #expect(json["epochs"]?.arrayValue?[3]["metrics"]?["train_loss"] == .number(0.5))
    #expect(json[path: "configuration.model.conv.kernels"] == 4)
    #expect(try JSONValue(parsing: json.prettyText()).canonicalText == json.canonicalText)
  }

  @Test func aRunThatHasNotStarted() {
    let run = RunDetails(run: run("ffff", .pending), variant: "static")
    #expect(RunReport(run).text() == "run ffff · static · seed 0\npending · 0 of 10 epochs\n")
    #expect(RunReport(run).json["classes"] == .null)
    #expect(RunReport(run).markdown() == "## run ffff · static · seed 0\n\npending · 0 of 10 epochs\n")
  }

  @Test func aDivergedRun() {
    var diverged = run("ffff", .diverged)
    diverged.reason = "loss NaN at epoch 2"
    let run = RunDetails(
      run: diverged, variant: "static",
      epochs: [
        .init(number: 1, metrics: ["train_loss": 2.5]), .init(number: 2, metrics: ["train_loss": .nan]),
      ], final: FinalRecord(metrics: ["test_loss": .nan]))
    let text = RunReport(run).text()
    #expect(text.contains("diverged · 2 of 10 epochs · loss NaN at epoch 2"))
    #expect(text.contains("│ train loss │ 2.5000 │ 2.5000 │ 2.5000 │     1 │ ▅·    │"))
    #expect(text.contains("│ test loss │     – │"))
    #expect(RunReport(run).json["metrics"]?["test_loss"] == .null)
  }
}
