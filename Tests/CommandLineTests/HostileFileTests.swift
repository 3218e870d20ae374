import Foundation
import LabCore
import Testing

/// Files that crash, or never end, the library that reads them: one sentence and an exit status, as for any bad file.
@Suite struct HostileFileTests {
  private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  private func fixture(_ name: String) -> String { Self.tests.appendingPathComponent(name).path }

  /// A spec on an HDF5 file, or with weights to begin with.
  private func spec(dataset: String, weights: String? = nil) throws -> String {
    var spec = try JSONValue(parsing: Labrun.spec())
    if dataset != "synthetic-signs" { spec["dataset"] = ["name": "hdf5", "path": .string(dataset)] }
    if let weights { spec["training"]?["initial_weights"] = .string(weights) }
    return spec.prettyText()
  }

  private func expectSentence(_ result: Labrun.Result, _ status: Int32, _ text: String) {
    #expect(result.status == status, "\(result.errors)")
    #expect(result.errors.contains(text), "\(result.errors)")
    #expect(!result.errors.contains("Backtrac") && !result.errors.contains("Fatal error"))
  }

  @Test func weightsThatCrashTheLibraryAreDamagedFiles() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let path = fixture("LabStoreTests/Fixtures/foreign/crash.h5")
    expectSentence(
      try labrun.run("predict", path, "image.png"), 74,
      "labrun: \(path) is damaged: the library that reads it crashed on it (Segmentation fault)")
    try labrun.write(try spec(dataset: "synthetic-signs", weights: path), to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny")
    #expect(sweep.status != 0 && sweep.errors.contains("is damaged: the library that reads it crashed on it"))
  }

  @Test func weightsThatNeverEndAreDamagedFiles() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let path = fixture("LabStoreTests/Fixtures/foreign/endless.h5")
    expectSentence(
      try labrun.run("predict", path, "image.png", variables: ["LABRUN_READ_SECONDS": "0.5"]), 74,
      "the library that reads it got nowhere with it in 0.5 s (LABRUN_READ_SECONDS allows more)")
  }

  @Test func imagesThatAreNotThereAreNoData() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let path = fixture("LabDataTests/Fixtures/foreign/absurd.h5")
    try labrun.write(try spec(dataset: path), to: "Experiments/tiny.json")
    expectSentence(try labrun.run("sweep", "tiny", "--dry-run"), 65, "claims the extents [8589934592, 4, 4, 3]")
  }

  @Test func theReadingProcessIsNoCommand() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    #expect(!(try labrun.run("--help").output.contains("foreign")))
    // Started without a request, it ends at once.
    #expect(try labrun.run("--serve-foreign-files", after: "exec </dev/null").status == 64)
  }
}
