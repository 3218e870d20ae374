import Foundation
import LabCore
import Testing

/// Commands as a user types them and reads them.
@Suite struct CommandTests {
  @Test func helpNamesEveryCommand() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let help = try labrun.run("--help")
    #expect(help.status == 0)
    for command in [
      "sweep", "table", "list", "show", "describe", "predict", "evaluate", "data", "bench", "doctor", "init", "schema",
    ] {
      #expect(help.output.contains("  \(command) "), "\(command) is missing in the help")
      let own = try labrun.run(command, "--help")
      #expect(own.status == 0)
      #expect(own.output.contains("USAGE: labrun \(command)"))
    }
  }

  @Test func wrongUsageIsStatus64() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    #expect(try labrun.run("sweeep").status == 64)
    #expect(try labrun.run("sweep", "x", "--workers", "0").status == 64)
  }

  @Test func missingSpecIsStatus66AndNamesTheNearest() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(), to: "Experiments/ablation.json")
    let result = try labrun.run("sweep", "ablatoin")
    #expect(result.status == 66)
    #expect(result.errors.contains("did you mean \"Experiments/ablation.json\"?"))
  }

  @Test func everythingWrongWithASpecIsSaidAtOnceWithItsPlace() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let spec = """
      {
        "name": "bad",
        "dataset": { "name": "synthetic-signs", "train_count": 86, "test_count": 86 },
        "training": { "epochz": 2, "batch_size": "many" },
        "factors": { "conv": ["static", "odconf-1x"] },
        "baseline": { "conv": "static" }
      }
      """
    try labrun.write(spec, to: "Experiments/bad.json")
    let result = try labrun.run("sweep", "experiments/BAD.json")
    #expect(result.status == 65)
    #expect(result.errors.contains("Experiments/bad.json:4:"))
    #expect(result.errors.contains("did you mean \"epochs\"?"))
    #expect(result.errors.contains("batch_size"))
    #expect(result.errors.contains("Experiments/bad.json:5:"))
    #expect(result.errors.contains("did you mean"))
    #expect(result.errors.contains("nothing was trained"))
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("Results").path))
  }

  @Test func shapesThatDoNotFitAreFoundBeforeTraining() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(
      Labrun.spec().replacingOccurrences(of: "\"depth\": 8", with: "\"depth\": 9"), to: "Experiments/depth.json")
    let result = try labrun.run("sweep", "depth")
    #expect(result.status == 65)
    #expect(result.errors.contains("depth"))
  }

  @Test func tableWithoutResultsSaysSo() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let result = try labrun.run("table")
    #expect(result.status == 66)
    #expect(result.errors.contains("no sweep has been started"))
  }

  @Test func initWritesASpecThatCanBeRun() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    #expect(try labrun.run("init", "mine").status == 0)
    #expect(try labrun.run("init", "mine").status == 64)
    #expect(try labrun.run("init", "other", "--yaml").status == 0)
    for name in ["mine", "other"] {
      let plan = try labrun.run("sweep", name, "--dry-run", "--json")
      #expect(plan.status == 0, "\(plan.errors)")
      #expect(try JSONValue(parsing: plan.output)["rows"]?.arrayValue?.isEmpty == false)
    }
  }

  @Test func initRefusesWhatCannotNameAStudy() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    for name in ["", "a b", "../evil", "a/b"] {
      let result = try labrun.run("init", name)
      #expect(result.status == 64)
      #expect(result.errors.contains("cannot name a study"))
    }
    #expect(try labrun.run("init", "--path", "deep/er/study.yaml").status == 0)
    let text = try String(contentsOf: labrun.folder.appendingPathComponent("deep/er/study.yaml"), encoding: .utf8)
    #expect(text.contains("\nname: \"study\"\n"))
    #expect(try labrun.run("sweep", "deep/er/study.yaml", "--dry-run").status == 0)
    #expect(
      FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("deep/er/spec.schema.json").path))
  }

  @Test func helpFitsATerminal() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let overview = try labrun.run("--help", variables: ["COLUMNS": "80"]).output
    let subcommands = overview.split(separator: "\n").drop { $0 != "SUBCOMMANDS:" }.compactMap { line in
      line.wholeMatch(of: #/\ \ ([a-z]+)\s\s+\S.*/#).map { String($0.1) }
    }
    #expect(subcommands.count > 8)
    for help in try [overview] + subcommands.map({ try labrun.run($0, "--help", variables: ["COLUMNS": "80"]).output })
    {
      for line in help.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
  }

  @Test func wrongNamesOfSweepsAndRunsAreAnswered() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 1), to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    for command in ["table", "list"] {
      let result = try labrun.run(command, "tinny")
      #expect(result.status == 66)
      #expect(result.errors.contains("there is no sweep \"tinny\" in Results (did you mean \"tiny\"?)"))
    }
    let show = try labrun.run("show", "zz")
    #expect(show.status == 66)
    #expect(show.errors.contains("there is no run \"zz\" in the store: `labrun list`"))
  }

  @Test func describeCountsAsPublished() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let result = try labrun.run("describe", "resnet18", "--input", "3x224x224", "--classes", "1000")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("11,689,512") || result.output.contains("11 689 512"))
  }

  @Test func describePrintsThePublishedCounts() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let result = try labrun.run(
      "describe", "resnet50", "--conv", "odconv-4x", "--input", "3x224x224", "--classes", "1000")
    #expect(result.status == 0, "\(result.errors)")
    for text in ["layer4.2.conv3", "90.67 M", "4.080 G"] { #expect(result.output.contains(text), "\(text)") }
  }

  @Test func describeTakesTheArchitecturesOwnImages() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    #expect(try labrun.run("describe", "squeezenet1_1").output.contains("1,235,496"))
    #expect(try labrun.run("describe").status == 64)
    #expect(try labrun.run("describe", "alexnet", "--all").status == 64)
    let refused = try labrun.run("describe", "alexnet", "--attention", "se", "--set", "depth=9")
    #expect(refused.status == 65 && refused.errors.contains("alexnet comes in one depth"), "\(refused.errors)")
  }

  @Test func shippedZooIsCurrent() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shipped = try String(contentsOf: root.appendingPathComponent("Results/zoo.md"), encoding: .utf8)
    #expect(try labrun.run("describe", "--all", "--format", "markdown").output == shipped, "run: make zoo")
  }

  @Test func doctorKnowsTheLibraries() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let result = try labrun.run("doctor")
    #expect(result.status == 0)
    for subject in ["oneDNN", "HDF5", "SQLite", "processor", "fashion-mnist"] {
      #expect(result.output.contains(subject))
    }
  }

  @Test func shippedSchemaIsCurrent() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shipped = try String(contentsOf: root.appendingPathComponent("Experiments/spec.schema.json"), encoding: .utf8)
    #expect(try labrun.run("schema").output == shipped, "run: labrun schema > Experiments/spec.schema.json")
  }

  @Test func shippedSpecsAreValid() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    for name in ["ablation", "quick"] {
      let path = root.appendingPathComponent("Experiments/\(name).json").path
      let plan = try labrun.run("sweep", path, "--dry-run", "--json")
      #expect(plan.status == 0, "\(plan.errors)")
      #expect(try JSONValue(parsing: plan.output)["rows"]?.arrayValue?.count == 36)
    }
  }
}
