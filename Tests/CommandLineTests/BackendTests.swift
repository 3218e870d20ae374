import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// The choice of a backend, from the spec to the stored results.
@Suite struct BackendTests {
  private func spec(name: String, factors: String, baseline: String) -> String {
    """
    {
      "name": "\(name)",
      "dataset": { "name": "synthetic-signs", "train_count": 86, "test_count": 43, "image_size": 16 },
      "model": { "architecture": "resnet", "depth": 8, "width": 4 },
      "training": { "epochs": 1, "batch_size": 16, "learning_rate": 0.05 },
      "factors": { \(factors) },
      "baseline": { \(baseline) }
    }
    """
  }

  @Test func resultsAreThoseOfTheirBackend() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(
      spec(name: "plain", factors: #""learning_rate": [0.05, 0.02]"#, baseline: #""learning_rate": 0.05"#),
      to: "Experiments/plain.json")
    try labrun.write(
      spec(name: "both", factors: #""backend": ["onednn", "reference"]"#, baseline: #""backend": "onednn""#),
      to: "Experiments/both.json")
    for name in ["plain", "both"] {
      let result = try labrun.run("sweep", name)
      #expect(result.status == 0, "\(result.errors)")
    }
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    func runs(_ name: String) throws -> [Run] {
      try store.sweep(#require(store.sweeps().first { $0.name == name }).id).runs
    }
    let both = try runs("both")
    let names = both.map { $0.configuration["training"]?["backend"]?.stringValue ?? "none" }
    #expect(Set(names) == ["onednn", "reference"])
    #expect(both.allSatisfy { $0.state == .completed })
    // A backend that is named by the spec is the same as the one that is left out.
    let plain = try Set(runs("plain").map(\.identity))
    let onednn = try #require(both[names.firstIndex(of: "onednn") ?? 0] as Run?)
    let reference = try #require(both[names.firstIndex(of: "reference") ?? 0] as Run?)
    #expect(plain.contains(onednn.identity))
    #expect(!plain.contains(reference.identity))
    #expect(try store.attempts(at: onednn.identity).count == 1)

    let losses = try [onednn, reference].map { try #require(store.epochs(of: $0.identity)[0].metrics["train_loss"]) }
    #expect(losses[0] != losses[1])
    #expect(abs(losses[0] - losses[1]) < 1e-2 * losses[1])
    let provenance = try #require(store.attempts(at: reference.identity).last?.provenance)
    #expect(provenance.libraries["oneDNN"] == nil && provenance.libraries["HDF5"] != nil)
    #expect(!provenance.processor.contains("bf16"))
  }

  @Test func unknownBackendsAreAnsweredWithTheNearest() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(
      spec(name: "wrong", factors: #""backend": ["onednn", "referenz"]"#, baseline: #""backend": "onednn""#),
      to: "Experiments/wrong.json")
    let result = try labrun.run("sweep", "wrong", "--dry-run")
    #expect(result.status == 65)
    #expect(result.errors.contains("did you mean \"reference\"?"), "\(result.errors)")
  }
}
