import Foundation
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

/// Metrics that nobody knows: what an executor reports is kept and shown, whatever it is called.
@Suite struct UnknownMetricTests {
  /// Runs a sweep of three levels and three seeds by an executor that trains nothing and reports numbers of its own.
  private func swept(_ labrun: Labrun) throws -> [RunIdentity] {
    let store = try StudyStore(folder: labrun.folder.appendingPathComponent(labrun.results).path)
    let sweep = try store.register(RunStoreSamples.sweep())
    let runs = try store.sweep(sweep.id).runs.map(\.identity)
    for (index, run) in runs.enumerated() {
      guard
        case .claimed(let claimed) = try store.claim(
          run, sweep: sweep.id, owner: .current, policy: .unfinished)
      else { throw RunStoreError.unknownRun(run.short) }
      for epoch in 0..<2 {
        var record = RunStoreSamples.epoch(epoch)
        record.metrics = ["kernel_noise": 0.5 + Double(epoch), "test_sharpness": 3]
        try store.record(record, lease: claimed.lease)
      }
      let level = Double(index / 3)
      let metrics: Metrics = [
        "ease of use": 100 * level + Double(index % 3), "test_sharpness": level / 2 + Double(index % 3) / 8,
        "test_accuracy": 0.5,
      ]
      try store.finish(claimed.lease, .completed(FinalRecord(metrics: metrics)))
    }
    return runs
  }

  @Test func metricsThatNobodyKnowsAreStoredShownListedAndExported() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let runs = try swept(labrun)

    let shown = try labrun.run("show", runs[4].short)
    #expect(shown.status == 0, "\(shown.errors)")
    #expect(shown.output.contains("ease of use") && shown.output.contains("101.00"), "\(shown.output)")
    #expect(shown.output.contains("test sharpness") && shown.output.contains("kernel noise"))
    #expect(try labrun.run("show", runs[4].short, "--epochs").output.contains("kernel noise"))
    let json = try JSONValue(parsing: labrun.run("show", runs[4].short, "--json").output)
    #expect(json["metrics"]?["ease of use"]?.doubleValue == 101)
    #expect(json["metrics"]?["test_sharpness"]?.doubleValue == 0.625)
    #expect(json["epochs"]?.arrayValue?.last?["metrics"]?["kernel_noise"]?.doubleValue == 1.5)

    // The default columns are what they were.
    let plain = try labrun.run("table")
    #expect(plain.status == 0 && plain.output.contains("accuracy") && !plain.output.contains("sharpness"))
    let text = try labrun.run("table", "--metric", "ease of use", "--metric", "sharpness")
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.output.contains("ease of use") && text.output.contains("sharpness"), "\(text.output)")
    #expect(text.output.contains("201.00 ± 1.00"), "\(text.output)")
    let csv = try labrun.run("table", "--metric", "ease of use", "--metric", "test_sharpness", "--format", "csv").output
    let lines = csv.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let mean = try #require(lines.first?.firstIndex(of: "ease of use_mean"))
    let sharpness = try #require(lines.first?.firstIndex(of: "test_sharpness_mean"))
    #expect(lines.dropFirst().map { Double($0[mean]) } == [1, 101, 201])
    #expect(lines.dropFirst().map { Double($0[sharpness]) } == [0.125, 0.625, 1.125])
    let table = try JSONValue(parsing: labrun.run("table", "--metric", "ease of use", "--json").output)
    #expect(table.canonicalText.contains("ease of use_mean"), "\(table)")
    let missing = try labrun.run("table", "--metric", "ease of abuse")
    #expect(missing.status != 0 && missing.errors.contains("no run has a metric \"ease of abuse\""))

    // Whoever reads the database finds them as columns, and as rows.
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    #expect(try store.integer("SELECT COUNT(*) FROM result WHERE \"ease of use\" >= 100") == 6)
    #expect(try store.integer("SELECT COUNT(*) FROM epoch WHERE kernel_noise = 1.5") == 9)
    #expect(try store.integer("SELECT COUNT(*) FROM epoch_metric WHERE name = 'test_sharpness'") == 18)
    #expect(try store.integer("SELECT COUNT(*) FROM final_metric WHERE name = 'ease of use'") == 9)
  }
}
