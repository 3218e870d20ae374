import Foundation
import LabCore
import Testing

/// The parts of components: their list, and specs that leave one out after the other.
@Suite struct PartTests {
  @Test func describeListsWhatCanBeSwitched() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let result = try labrun.run("describe", "--parts", "odconv-1x", "adaptive", "--format", "json")
    #expect(result.status == 0, "\(result.errors)")
    let rows = try #require(JSONValue(parsing: result.output)["rows"]?.arrayValue)
    func row(_ key: String) -> JSONValue? {
      rows.first { $0["key"] == .string(key) && $0["component"] == "model.conv: odconv-1x" }
    }
    #expect(row("kernels")?["levels"] == [1, 2, 4, 8] && row("kernels")?["default"] == 1)
    #expect(row("attentions.spatial")?["off"] == false && row("attentions.spatial")?["levels"] == [true, false])
    #expect(row("gates.kernel")?["levels"] == ["softmax", "sigmoid", "hard-sigmoid"])
    #expect(row("gates.kernel")?["off"] == .null)
    #expect(row("annealing")?["off"] == "none")
    #expect(row("normalization")?["default"]?["name"] == "batch")
    #expect(rows.contains { $0["component"] == "training.loss: adaptive" && $0["key"] == "beta" })
    let text = try labrun.run("describe", "--parts", "odconv")
    #expect(text.output.contains("model.conv: odconv") && text.output.contains("attentions.spatial"))
  }

  @Test func describeAnswersWrongComponents() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let close = try labrun.run("describe", "--parts", "odcnv")
    #expect(close.status == 64 && close.errors.contains("(did you mean \"odconv\"?)"), "\(close.errors)")
    #expect(try labrun.run("describe", "resnet", "--parts", "odconv").status == 64)
    let without = try labrun.run("init", "--ablate", "static")
    #expect(without.status == 64 && without.errors.contains("has no part that it can do without"), "\(without.errors)")
  }

  /// Every component that has parts to leave out, whatever the key that takes it.
  @Test(arguments: [
    "odconv", "dyconv", "odconv-1x", "adaptive", "cbam", "multiscale-concat", "residual-attention",
  ])
  func initLeavesOutOnePartAfterTheOther(_ name: String) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let written = try labrun.run("init", "--ablate", name)
    #expect(written.status == 0 && written.output.contains("the study \"\(name)-parts\""), "\(written.errors)")
    #expect(try labrun.run("init", "--ablate", name, "other", "--yaml").status == 0)
    for study in ["\(name)-parts", "other"] {
      let plan = try labrun.run("sweep", study, "--dry-run", "--json")
      #expect(plan.status == 0, "\(plan.errors)")
      let rows = try #require(JSONValue(parsing: plan.output)["rows"]?.arrayValue)
      #expect(rows.count >= 12, "\(study)")
    }
  }
}
