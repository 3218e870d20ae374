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
      "sweep", "watch", "table", "analyze", "compare", "plan-seeds", "report", "plot", "list", "show", "describe",
      "predict", "evaluate", "explain", "lesion", "data", "bench", "doctor", "init", "schema",
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
    let executor = try labrun.run("sweep", "x", "--executor", "threads")
    #expect(executor.status == 64 && executor.errors.contains("(did you mean \"thread\"?)"), "\(executor.errors)")
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
    for name in ["", "a b", "x/a b", "studies/-.json", "x/.hidden"] {
      let result = try labrun.run("init", name)
      #expect(result.status == 64)
      #expect(result.errors.contains("cannot name a study"), "\(name): \(result.errors)")
    }
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("x").path))
    #expect(try labrun.run("init", "a.json", "--yaml").errors.contains("--yaml contradicts the ending of a.json"))
    #expect(try labrun.run("init", "a", "--path", "b").status == 64)
    #expect(try labrun.run("init", "--path", "deep/er/study.yaml").status == 0)
    let text = try String(contentsOf: labrun.folder.appendingPathComponent("deep/er/study.yaml"), encoding: .utf8)
    #expect(text.contains("\nname: \"study\"\n"))
    #expect(try labrun.run("sweep", "deep/er/study.yaml", "--dry-run").status == 0)
    #expect(
      FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("deep/er/spec.schema.json").path))
  }

  /// A path is written as it is; a folder gets a study of the usual name.
  @Test func initTakesPaths() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    func exists(_ path: String) -> Bool {
      FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent(path).path)
    }
    try FileManager.default.createDirectory(
      at: labrun.folder.appendingPathComponent("there"), withIntermediateDirectories: true)
    for (given, file, name) in [
      ("studies/", "studies/my-study.json", "my-study"), ("there", "there/my-study.json", "my-study"),
      ("studies/width", "studies/width.json", "width"), ("studies/v1.2", "studies/v1.2.json", "v1.2"),
      ("studies/depth.yml", "studies/depth.yml", "depth"), ("here.yaml", "here.yaml", "here"),
      ("v2.0", "Experiments/v2.0.json", "v2.0"),
      (labrun.folder.path + "/whole.json", labrun.folder.path + "/whole.json", "whole"),
    ] {
      let made = try labrun.run("init", given)
      #expect(made.status == 0, "\(made.errors)")
      #expect(made.output.hasPrefix("wrote \(file), the study \"\(name)\""), "\(made.output)")
      #expect(made.output.hasSuffix("; next: labrun sweep \(file) --dry-run\n"), "\(made.output)")
      let plan = try JSONValue(parsing: labrun.run("sweep", file, "--dry-run", "--json").output)
      #expect(plan["rows"]?.arrayValue?.isEmpty == false)
      #expect(plan.canonicalText.contains(name))
      // What is there is not written over, unless that is said.
      let path = file.hasPrefix("/") ? file : labrun.folder.path + "/" + file
      try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
      let again = try labrun.run("init", given)
      #expect(again.status == 64)
      #expect(again.errors == "labrun: \(file) exists already; choose another name, or --force to overwrite it\n")
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
      #expect(try labrun.run("init", given, "--force").status == 0)
      #expect(try String(contentsOfFile: path, encoding: .utf8) != "mine")
    }
    #expect(exists("studies/spec.schema.json") && exists("there/spec.schema.json"))
    try FileManager.default.createDirectory(
      at: labrun.folder.appendingPathComponent("a b/taken.json"), withIntermediateDirectories: true)
    #expect(try labrun.run("init", "a b/new").output.contains("next: labrun sweep 'a b/new.json' --dry-run"))
    #expect(try labrun.run("init", "a b/taken", "--force").errors.contains("a b/taken.json is a folder"))
  }

  @Test func wrongCommandsAreAnsweredWithTheNearest() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    for (typed, meant) in [
      (["swep"], "labrun sweep"), (["Table", "x"], "labrun table"), (["data", "inspcet", "x"], "labrun data inspect"),
      (["eval"], ""), (["data", "zzzzzzzz"], ""),
    ] {
      let result = try labrun.run(typed)
      #expect(result.status == 64)
      let hint = meant.isEmpty ? "; there are" : " (did you mean \"\(meant)\"?); there are "
      #expect(result.errors.hasPrefix("labrun: there is no command \"labrun "), "\(result.errors)")
      #expect(result.errors.contains(hint), "\(result.errors)")
    }
    #expect(try labrun.run("help", "sweep").output.contains("USAGE: labrun sweep"))
    #expect(try labrun.run("help", "data", "inspect").output.contains("USAGE: labrun data inspect"))
  }

  /// A folder or a file of data is no spec, which parsers of JSON have little to say on.
  @Test func whatIsGivenInPlaceOfASpecIsNamed() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(), to: "Experiments/tiny.json")
    try labrun.write("path,label\na.png,0\n", to: "list.csv")
    try Data([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0]).write(
      to: labrun.folder.appendingPathComponent("unnamed"))
    try FileManager.default.createDirectory(
      at: labrun.folder.appendingPathComponent("photos"), withIntermediateDirectories: true)
    for command in ["sweep", "describe"] {
      let folder = try labrun.run(command, "Experiments/")
      #expect(folder.status == 64)
      #expect(
        folder.errors
          == "labrun: Experiments/ is a folder, and a spec is a JSON or YAML file: name one of Experiments/tiny.json\n")
      let photos = try labrun.run(command, "photos")
      #expect(photos.errors.contains("photos is a folder") && photos.errors.contains("labrun data inspect photos"))
      for (file, kind) in [("list.csv", "a table"), ("unnamed", "an HDF5 file")] {
        let result = try labrun.run(command, file)
        #expect(result.status == 66)
        #expect(
          result.errors.contains("cannot read the spec \(file): it is \(kind), and a spec is JSON or YAML"),
          "\(result.errors)")
      }
    }
  }

  @Test func describeAnswersWrongNamesWithTheNearest() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(), to: "Experiments/resnets.json")
    let nothing = try labrun.run("describe", "nothing")
    #expect(nothing.status == 66)
    #expect(
      nothing.errors.contains("there is no architecture and no spec \"nothing\"; the architectures are resnet, plain"))
    #expect(nothing.errors.contains("the specs are Experiments/resnets.json"))
    let close = try labrun.run("describe", "resnt50")
    #expect(close.errors.contains("(did you mean \"resnet50\"?)"), "\(close.errors)")
    let both = try labrun.run("describe", "resnetz")
    #expect(both.errors.contains("\" or \"Experiments/resnets.json\"?)"), "\(both.errors)")
  }

  @Test func helpFitsATerminal() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let overview = try labrun.run("--help", variables: ["COLUMNS": "80"]).output
    let subcommands = overview.split(separator: "\n").drop { $0 != "SUBCOMMANDS:" }.compactMap { line in
      line.wholeMatch(of: #/\ \ ([a-z-]+)\s\s+\S.*/#).map { String($0.1) }
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
    #expect(
      show.errors.contains("there is no run \"zz\" in the results folder Results: `labrun list` shows its sweeps"))
    try FileManager.default.moveItem(
      at: labrun.folder.appendingPathComponent("Results"), to: labrun.folder.appendingPathComponent("Other"))
    for command in [["show", "0123"], ["evaluate", "0123"], ["predict", "0123", "x.png"]] {
      let result = try labrun.run(command + ["--results", "Other"])
      #expect(result.status == 66)
      #expect(result.errors.contains("no run \"0123\" in the results folder Other:"), "\(result.errors)")
    }
    // Names of files are not looked for among runs.
    let file = try labrun.run("evaluate", "weights.h5")
    #expect(file.status == 66)
    #expect(file.errors.contains("there is no file \"weights.h5\", and it is no run"))
    #expect(try labrun.run("evaluate", "Other").errors.contains("Other is a folder; name a file of weights in it"))
    try labrun.write("path,label\na.png,0\n", to: "data.csv")
    let table = try labrun.run("evaluate", "data.csv")
    #expect(table.status == 65)
    #expect(
      table.errors
        == "labrun: data.csv cannot be used: it is no file of weights, which is an HDF5, safetensors or PyTorch file\n")
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
    #expect(try labrun.run("describe", "resnet20").output.contains("272,474"))
    #expect(
      try labrun.run("describe", "densenet-bc-100-12").output.contains("arXiv 1608.06993 prints 0.8 M parameters"))
    let deeper = try labrun.run("describe", "resnet20", "--depth", "8")
    #expect(
      deeper.status == 65
        && deeper.errors.contains("architecture: \"resnet20\" stands for depth 20, too, but depth is 8"),
      "\(deeper.errors)")
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
    for (name, runs) in [
      ("ablation", 36), ("quick", 36), ("odconv-attentions", 30), ("odconv-kernels", 18), ("odconv-reduction", 12),
      ("odconv-annealing", 18), ("odconv-recipe", 55),
    ] {
      let path = root.appendingPathComponent("Experiments/\(name).json").path
      let plan = try labrun.run("sweep", path, "--dry-run", "--json")
      #expect(plan.status == 0, "\(plan.errors)")
      let rows = try #require(JSONValue(parsing: plan.output)["rows"]?.arrayValue)
      #expect(rows.count == runs)
      // By steps that were tried, of which nothing stays.
      #expect(rows.allSatisfy { $0["seconds"]?.doubleValue.map { $0 > 0 } == true })
    }
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent(labrun.results).path))
  }
}
