import Foundation
import LabCore
import LabExchange
import LabRecords
import LabStats
import LabStore
import Testing

/// A sweep with everything in it that goes along.
enum ExchangeSample {
  static func imported(_ folder: ExchangeFolder) throws -> Sweep {
    try folder.stored(
      folder.read(
        """
        conv,width,seed,epoch,train/loss,test/acc,learning_rate,train_seconds,images_per_second,step_milliseconds
        a,16,0,1,0.9123456789012345,0.5,0.1,1.5,100.5,9
        a,16,0,2,0.5,0.625,0.05,1.25,120,8
        a,32,0,1,0.8,0.55,0.1,2.5,90,11
        a,32,0,2,0.4,0.7,0.05,2.5,90,11
        b,16,0,1,nan,0.1,0.1,1,100,10
        b,16,0,2,inf,0.3333333333333333,0.05,1,100,10
        """, as: "sample.csv", .init(factors: ["conv", "width"])))
  }
}

@Suite struct RoundTripTests {
  @Test func whatIsExportedIsImportedAsItWas() throws {
    let folder = try ExchangeFolder()
    let sweep = try ExchangeSample.imported(folder)
    let store = try folder.store()
    let written = try ExportFormats.named("csv").export(
      ExportedResults(sweep, in: store), to: "\(folder.path)/out", options: .init())
    #expect(written == ["\(folder.path)/out/runs.csv: 3 runs", "\(folder.path)/out/epochs.csv: 6 epochs"])
    let again = try SweepImport(
      "\(folder.path)/out/runs.csv", format: ImportFormats.named("csv"), epochs: "\(folder.path)/out/epochs.csv",
      options: .init(name: "again"))
    let copy = try store.sweep(store.store(again.imported).id)
    #expect(copy.factors == sweep.factors && copy.seeds == sweep.seeds)
    #expect(copy.variants.map(\.label) == sweep.variants.map(\.label))
    #expect(copy.variants.map(\.isBaseline) == sweep.variants.map(\.isBaseline))
    for (first, second) in zip(sweep.runs, copy.runs) {
      #expect(first.metrics == second.metrics)
      #expect(first.trainSeconds == second.trainSeconds && first.imagesPerSecond == second.imagesPerSecond)
      let epochs = try [first, second].map { try store.epochs(of: $0.identity) }
      // What is no number is left empty, and so is not there.
      var expected = epochs[0]
      for index in expected.indices {
        for (name, value) in expected[index].metrics where value.isNaN { expected[index].metrics[name] = nil }
      }
      #expect(epochs[1] == expected)
    }
    let epochs = try store.epochs(of: copy.runs[0].identity)
    #expect(epochs[0].metrics["train_loss"] == 0.9123456789012345 && epochs[0].timing.trainSeconds == 1.5)
  }

  @Test func linesOfJSONHaveTheSameNames() throws {
    let folder = try ExchangeFolder()
    let sweep = try ExchangeSample.imported(folder)
    let results = try ExportedResults(sweep, in: folder.store())
    _ = try ExportFormats.named("jsonl").export(results, to: "\(folder.path)/runs.jsonl", options: .init())
    let lines = try String(contentsOfFile: "\(folder.path)/runs.jsonl", encoding: .utf8).split(separator: "\n")
    let first = try JSONValue(parsing: String(lines[0]))
    #expect(lines.count == 3)
    #expect(first["conv"] == "a" && first["width"] == "16" && first["seed"] == 0 && first["state"] == "completed")
    #expect(first["test_accuracy"] == 0.625 && first["is_baseline"] == true && first["parameters"] == .null)
    let refused = #expect(throws: ExchangeError.self) {
      try ExportFormats.named("jsonl").export(
        results, to: "\(folder.path)/runs.jsonl", options: .init(includesPredictions: true))
    }
    #expect(refused.map { "\($0)" }?.contains("name a folder for the predictions") ?? false)
  }

  @Test func predictionsAreATableOfImages() throws {
    let folder = try ExchangeFolder()
    let sweep = try ExchangeSample.imported(folder)
    var results = try ExportedResults(sweep, in: folder.store())
    let first = sweep.runs[0].identity
    results.predictions = { identity in
      identity == first
        ? Predictions(
          logits: [2, 1, 0, 3], labels: [0, 0], confusion: [[1, 1], [0, 0]], classNames: ["stop", "go"]) : nil
    }
    let written = try ExportFormats.named("csv").export(
      results, to: "\(folder.path)/out", options: .init(includesPredictions: true))
    #expect(written.last == "2 completed runs have no predictions on record, and are left out of them.")
    let text = try String(contentsOfFile: "\(folder.path)/out/predictions.csv", encoding: .utf8)
    let lines = text.split(separator: "\n")
    #expect(lines[0] == "variant,seed,run,image,label,predicted,confidence,logit_0,logit_1")
    // The confidence of logits that are 1 and 3 apart: 1 / (1 + e⁻¹) and 1 / (1 + e⁻³).
    #expect(lines[1].hasSuffix(",0,stop,stop,0.7310585786300049,2.0,1.0"), "\(lines[1])")
    #expect(lines[2].hasSuffix(",1,stop,go,0.9525741268224334,0.0,3.0"), "\(lines[2])")
  }
}
