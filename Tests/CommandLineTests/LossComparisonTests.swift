import Foundation
import LabCore
import Testing

/// A sweep over losses, and what may be said of their values.
@Suite(.serialized) struct LossComparisonTests {
  private func sweepOfLosses(_ labrun: Labrun) throws {
    var spec = try JSONValue(parsing: Labrun.spec(name: "losses", epochs: 1, seeds: "[0, 1, 2]"))
    spec["model"] = ["architecture": "plain", "depth": 4, "width": 4]
    spec["factors"] = ["loss": ["cross-entropy", "focal", ["name": "cross-entropy", "label_smoothing": 0.1]]]
    spec["baseline"] = ["loss": "cross-entropy"]
    try labrun.write(spec.prettyText(), to: "Experiments/losses.json")
    let sweep = try labrun.run("sweep", "losses")
    #expect(sweep.status == 0, "\(sweep.errors)")
  }

  @Test func valuesOfDifferentLossesAreNotCompared() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try sweepOfLosses(labrun)
    let table = try labrun.run("table", "--metric", "test_loss")
    #expect(table.status == 0, "\(table.errors)")
    #expect(table.output.components(separatedBy: "other loss").count == 3, "\(table.output)")
    #expect(table.output.contains("values of different loss"), "\(table.output)")
    #expect(!table.output.contains(" *"), "\(table.output)")
    let json = try JSONValue(parsing: labrun.run("table", "--metric", "test_loss", "--json").output)
    for row in json["rows"]?.arrayValue?.dropFirst() ?? [] {
      #expect(row["test_loss_difference"] == .null && row["test_loss_difference_p"] == .null)
      #expect(row["test_loss_difference_caveat"]?.stringValue?.contains("different loss functions") ?? false)
    }

    for arguments in [["--sort", "test_loss"], ["--sort", "test_loss_difference:descending"], ["--by", "loss"]] {
      let refused = try labrun.run(["table", "--metric", "test_loss"] + arguments)
      #expect(refused.status == 64 && refused.output.isEmpty, "\(refused.output)")
      #expect(refused.errors.contains("test_loss is the value of different loss functions here"), "\(refused.errors)")
    }
    // Everything else is compared as ever.
    for arguments in [["--sort", "test_accuracy"], ["--by", "loss"]] {
      #expect(try labrun.run(["table"] + arguments).status == 0)
    }
  }
}
