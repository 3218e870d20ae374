import Foundation
import LabCore
import Testing

/// What a user is told of odd and of changed data.
@Suite struct DataFindingCommandTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../LabDataTests/Fixtures")

  /// A program with a copy of a fixture in its folder and a spec that trains on it.
  private func labrun(_ fixture: String, dataset: String, training: String = "") throws -> Labrun {
    let labrun = try Labrun()
    try FileManager.default.copyItem(
      at: Self.fixtures.appendingPathComponent(fixture),
      to: labrun.folder.appendingPathComponent((fixture as NSString).lastPathComponent))
    try labrun.write(
      """
      {
        "name": "odd", "dataset": { \(dataset) },
        "model": { "architecture": "plain", "depth": 4, "width": 4 },
        "training": { "epochs": 1, "batch_size": 4\(training) },
        "factors": { "loss": ["cross-entropy"] }, "baseline": { "loss": "cross-entropy" }, "seeds": [0]
      }
      """, to: "Experiments/odd.json")
    return labrun
  }

  @Test func sweepSaysWhatIsOddAndStrictRefusesIt() throws {
    let labrun = try labrun("layout/first.h5", dataset: #""name": "hdf5", "path": "first.h5""#)
    defer { labrun.remove() }
    let dry = try labrun.run("sweep", "odd", "--dry-run")
    #expect(dry.status == 0, "\(dry.errors)")
    #expect(dry.errors.contains("warning"))
    #expect(dry.errors.contains("which are taken for images of 5×6 pixels whose 3 channels are stored first"))
    #expect(dry.errors.contains("there are only 4 test images, so that one image weighs 25.0 points of accuracy"))
    let strict = try labrun.run("sweep", "odd", "--strict")
    #expect(strict.status == 65)
    #expect(strict.errors.contains("3 warnings, which --strict treats as errors; nothing was trained"))
  }

  @Test func inspectListsFindings() throws {
    let labrun = try labrun("layout/many.h5", dataset: #""name": "hdf5", "path": "many.h5""#)
    defer { labrun.remove() }
    let result = try labrun.run("data", "inspect", "many.h5")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("Findings (3)\n  warning: images have 7 channels of 5×6 pixels"))
    #expect(result.output.contains("\n    Set dataset.layout to channels_first if images are stored N×C×H×W"))
    let json = try JSONValue(parsing: labrun.run("data", "inspect", "many.h5", "--json").output)
    let findings = try #require(json["findings"]?.arrayValue)
    #expect(findings.count == 3)
    #expect(findings[0]["severity"]?.stringValue == "warning")
    #expect(findings[0]["key"]?.stringValue == "dataset.layout")
    #expect(findings[1]["message"]?.stringValue?.contains("4 of 4 test images (100 %) are also among the") == true)
    #expect(findings[1]["remedy"]?.stringValue?.contains("--drop-duplicates") == true)
  }

  @Test func validationThatRoundsToNoneIsTheCauseThatIsNamed() throws {
    let labrun = try labrun(
      "layout/last.h5", dataset: #""name": "hdf5", "path": "last.h5", "validation": 0.01"#,
      training: #", "final_weights": "best""#)
    defer { labrun.remove() }
    let result = try labrun.run("sweep", "odd", "--dry-run")
    #expect(result.status == 65)
    #expect(result.errors.contains("here the share 0.01 of 8 training images rounds to no image"))
  }

  @Test func evaluationOfChangedDataIsSaid() throws {
    let labrun = try labrun("idx", dataset: #""name": "idx", "path": "idx""#)
    defer { labrun.remove() }
    #expect(try labrun.run("sweep", "odd").status == 0)
    let run = try #require(
      FileManager.default.contentsOfDirectory(atPath: labrun.folder.appendingPathComponent("Results/runs").path).first)
    let same = try labrun.run("evaluate", run, "--strict")
    #expect(same.status == 0, "\(same.errors)")
    #expect(!same.errors.contains("warning"))

    let labels = labrun.folder.appendingPathComponent("idx/t10k-labels-idx1-ubyte")
    var data = try Data(contentsOf: labels)
    data[8] ^= 1
    try data.write(to: labels)
    let changed = try labrun.run("evaluate", run, "--json")
    #expect(changed.status == 0, "\(changed.errors)")
    let json = try JSONValue(parsing: changed.output)
    let (now, then) = (json["data_hash"]?.stringValue ?? "", json["trained_on_data_hash"]?.stringValue ?? "")
    #expect(now.count == 64 && then.count == 64 && now != then)
    #expect(changed.errors.contains("warning: the data of run "))
    #expect(changed.errors.contains(" are not those that it was trained on"))
    #expect(changed.errors.contains("now has the hash \(now.prefix(12)), then it had \(then.prefix(12))"))
    let strict = try labrun.run("evaluate", run, "--strict")
    #expect(strict.status == 65)
    #expect(strict.errors.contains("nothing was evaluated, as --strict demands"))
    #expect(strict.output.isEmpty)
    // Data that are named are not taken for the run's own.
    let other = try labrun.run("evaluate", run, "--path", "idx", "--strict")
    #expect(other.status == 0, "\(other.errors)")
  }
}
