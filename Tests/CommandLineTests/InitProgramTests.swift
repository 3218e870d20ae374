import Foundation
import LabCore
import LabStudy
import LabTesting
import Testing

/// `labrun init --command`: a spec of a program, made of what it tells of its options.
@Suite struct InitProgramTests {
  private static let python = PythonPackages.interpreter(importing: "argparse")

  private func spec(_ labrun: Labrun, _ file: String) throws -> JSONValue {
    let text = try String(contentsOf: labrun.folder.appendingPathComponent(file), encoding: .utf8)
    return try #require(SpecSource(path: file, text: text).parse().value?.json, "\(text)")
  }

  private static let script = """
    import argparse, helpers, os.path
    from blocks import conv
    print("garbage: --not-an-option 3")
    parser = argparse.ArgumentParser()
    parser.add_argument("--features", choices=("raw", "squares"), default="raw", help="100%% of them")
    parser.add_argument("--rate", type=float, default=1, help="rate, of which the default is %(default)s")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--random-seed", type=int)
    parser.add_argument("--data-dir")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("-w", type=int, default=4)
    parser.add_argument("data", nargs="?", default="there")
    options = parser.parse_args()
    assert (options.w, options.data, options.fast) == (4, "there", False)
    open("started", "w").close()
    print(f"acc: {90 + options.random_seed + options.rate + (options.features == 'raw')}")
    """

  @Test(.enabled(if: Self.python != nil, "Python is not installed"), arguments: [false, true])
  func aPythonScriptBecomesASweep(yaml: Bool) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Self.script, to: "train.py")
    try labrun.write("", to: "helpers.py")
    try FileManager.default.createDirectory(
      at: labrun.folder.appendingPathComponent("blocks"), withIntermediateDirectories: true)
    try labrun.write("conv = 1\n", to: "blocks/__init__.py")
    let made = try labrun.run(
      ["init", "--command", "python3 train.py", "--pattern", "acc: {test_accuracy}", "--percent"]
        + (yaml ? ["--yaml"] : []))
    let file = yaml ? "train.yaml" : "train.json"
    #expect(made.status == 0 && made.errors.isEmpty, "\(made.errors)")
    #expect(
      made.output == """
        parameters: features, rate, epochs, fast, w, data
        factor: features (raw, squares)
        seed: --random-seed
        left out: --data-dir: no default is told
        wrote \(file), the study "train", and spec.schema.json, by which editors check it; next: labrun sweep \(file) --dry-run

        """, "\(made.output)")
    // The program was not run beyond its options.
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("started").path))
    let spec = try spec(labrun, file)
    #expect(spec["program"]?["sources"] == ["train.py", "helpers.py", "blocks/**/*.py"])
    #expect(
      spec["program"]?["command"] == [
        "python3", "train.py", "--random-seed", "{seed}", "-w", "{w}", "{data}", "{args}",
      ])
    #expect(
      spec["parameters"] == [
        "features": "raw", "rate": .number(1), "epochs": 2, "fast": false, "w": 4, "data": "there",
      ])
    #expect(try labrun.run("sweep", file, "--dry-run").output.contains("6 runs: 6 to run"))
    let sweep = try labrun.run("sweep", file)
    #expect(sweep.status == 0 && sweep.output.contains("93.00 ± 1.00"), "\(sweep.errors)\(sweep.output)")
  }

  @Test(.enabled(if: Self.python != nil, "Python is not installed"))
  func whatIsRequiredIsToBeFilledIn() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(
      """
      import argparse
      parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
      parser.add_argument("data")
      parser.add_argument("--classes", type=int, required=True)
      parser.parse_args()
      """, to: "train.py")
    let made = try labrun.run("init", "mine", "--command", "python3 -u train.py")
    #expect(made.output.contains("; fill in parameters.data, parameters.classes; next: "), "\(made.output)")
    let plan = try labrun.run("sweep", "mine.json", "--dry-run")
    #expect(plan.status == 65)
    #expect(
      plan.errors.contains("parameters.data: has no value yet") && plan.errors.contains("parameters.classes: has"))
    let text = try String(contentsOf: labrun.folder.appendingPathComponent("mine.json"), encoding: .utf8)
    try labrun.write(
      text.replacing("\"data\": \"???\"", with: "\"data\": \"d\"").replacing("\"???\"", with: "10"), to: "mine.json")
    let filled = try labrun.run("sweep", "mine.json", "--dry-run")
    #expect(filled.status == 0, "\(filled.errors)")
  }

  /// Commands, options and what a parser of one's own makes of them.
  @Test(.enabled(if: Self.python != nil, "Python is not installed"))
  func commandsOfAProgramHaveTheirOptions() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(
      """
      #!/usr/bin/env python3
      import argparse, pathlib
      parser = argparse.ArgumentParser()
      commands = parser.add_subparsers()
      train = commands.add_parser("train")
      train.add_argument("--lr", type=float, default=0.1)
      train.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("cache"))
      commands.add_parser("test").add_argument("--top", type=int, default=5)
      parser.parse_args()
      """, to: "net.py")
    chmod(labrun.folder.appendingPathComponent("net.py").path, 0o755)
    let made = try labrun.run("init", "--command", "./net.py train")
    #expect(made.status == 0 && made.output.hasPrefix("parameters: lr, cache\n"), "\(made.output)\(made.errors)")
    #expect(try spec(labrun, "net.json")["program"]?["sources"] == ["./net.py"])
    let none = try labrun.run("init", "--command", "./net.py", "--force")
    #expect(
      none.output.contains(
        "left out: train, test: a command with options of its own: give --command one, such as train"),
      "\(none.output)")
  }

  /// Programs that ask labrun's client are told by their capsule, and not by their command.
  @Test(.enabled(if: Self.python != nil, "Python is not installed"))
  func programsOfTheClientTellTheirDefaults() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(
      """
      import labrun

      def train(run):
          assert run.config.model.width == 8 and run.config.amp is True and run.config.layers == [1, 2]
          run.log(test_accuracy=0.5 + run.seed / 10)

      labrun.main(train, defaults={
          "lr": 1.0, "model": {"width": 8, "norm": "50% batch"}, "amp": True, "layers": [1, 2], "batch_size": 64})
      """, to: "train.py")
    let client = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Clients/Python/src").standardized.path
    let made = try labrun.run("init", "--command", "python3 train.py", variables: ["PYTHONPATH": client])
    #expect(made.status == 0 && !made.output.contains("left out"), "\(made.errors)\(made.output)")
    let spec = try spec(labrun, "train.json")
    #expect(spec["program"]?["command"] == ["python3", "train.py"])
    #expect(
      spec["parameters"] == [
        "lr": .number(1), "model": ["width": 8, "norm": "50% batch"], "amp": true, "layers": [1, 2], "batch_size": 64,
      ])
    let sweep = try labrun.run("sweep", "train.json", variables: ["PYTHONPATH": client])
    #expect(sweep.status == 0 && sweep.output.contains("60.00 ± 10.00"), "\(sweep.errors)\(sweep.output)")
  }

  /// Hydra parses by argparse, too; what it prints says more.
  @Test(.enabled(if: Self.python != nil, "Python is not installed"))
  func hydraIsAskedForItsConfiguration() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(
      """
      import argparse
      parser = argparse.ArgumentParser(add_help=False)
      parser.add_argument("--help", action="store_true")
      parser.add_argument("--hydra-help", action="store_true")
      parser.add_argument("--cfg", choices=["job", "all"], default="job")
      if parser.parse_args().help:
          print("train is powered by Hydra.\\n\\n== Config ==\\nOverride anything\\n\\nlr: 0.1\\nseed: 1\\n\\nPowered by Hydra")
      """, to: "train.py")
    let made = try labrun.run("init", "--command", "python3 train.py")
    #expect(made.status == 0, "\(made.errors)")
    let spec = try spec(labrun, "train.json")
    #expect(spec["parameters"] == ["lr": 0.1])
    #expect(
      spec["program"]?["command"] == ["python3", "train.py", "seed={seed}", "hydra.run.dir={folder}", "{hydra}"])
  }

  /// A spec in another folder, from which the program is started.
  @Test func pathsStartFromTheSpec() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write("echo '  --lr N  rate (default: 0.1)'\n", to: "train.sh")
    try labrun.write("x", to: "data.csv")
    let made = try labrun.run("init", "studies/", "--command", "sh train.sh data.csv")
    #expect(made.status == 0, "\(made.errors)")
    let spec = try spec(labrun, "studies/train.json")
    #expect(spec["program"]?["command"] == ["sh", "../train.sh", "../data.csv", "{args}"])
    #expect(spec["program"]?["sources"] == ["../train.sh"] && spec["program"]?["inputs"] == ["../data.csv"])
    #expect(spec["parameters"] == ["lr": 0.1])
    let plan = try labrun.run("sweep", "studies/train.json", "--dry-run")
    #expect(plan.status == 0, "\(plan.errors)")
    // What is there already is asked from there.
    let again = try labrun.run("init", "studies/again", "--command", "sh train.sh")
    #expect(again.status == 0 && again.output.hasPrefix("parameters: lr\n"), "\(again.output)")
  }

  @Test(arguments: [
    ("sleep 60", "had not ended after 1 s, and was ended"),
    ("echo hello; exit 3", "says nothing of options that labrun can read, and ends with status 3; it says last: hello"),
    ("kill -SEGV $$", "was ended by signal 11"), ("exit 0", "says nothing of options that labrun can read\n"),
    ("head -c 3000000 /dev/urandom", "says nothing of options that labrun can read"),
  ])
  func aProgramThatTellsNothingHasASpecAllTheSame(script: String, message: String) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(script + "\n", to: "train.sh")
    let started = ContinuousClock.now
    let made = try labrun.run("init", "--command", "sh train.sh", "--time-limit", "1")
    #expect(made.status == 0 && made.errors.contains("sh train.sh --help \(message)"), "\(made.errors)")
    #expect(.now - started < .seconds(30))
    let plan = try labrun.run("sweep", "train.json", "--dry-run")
    #expect(plan.status == 0 && plan.output.contains("3 runs: 3 to run"), "\(plan.errors)\(plan.output)")
  }

  @Test(arguments: [
    (
      ["--command", "no-such-program-at-all"], 66,
      "no program no-such-program-at-all that can be started is in a folder of PATH"
    ),
    (["--command", "./missing.sh"], 66, "no program ./missing.sh that can be started is in "),
    (["--command", "python3 'x"], 64, "--command: the command ends within quotes"),
    (["--command", "a | b"], 64, "the command has a |, which only a shell understands"),
    (["--pattern", "acc: {test_accuracy}"], 64, "--pattern says something of the program that --command names"),
    (["--command", "sh", "--percent"], 64, "--percent says how the metrics of --pattern are printed"),
    (["--command", "sh", "--pattern", "acc"], 64, "--pattern: expected text with a metric's name in braces"),
    (["--command", "sh", "--time-limit", "0"], 64, "--time-limit: expected seconds above 0"),
    (["--command", "sh", "--ablate", "odconv"], 64, "leave one of them out"),
  ])
  func whatCannotBeIsRefused(arguments: [String], status: Int32, message: String) throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let made = try labrun.run(["init", "x/mine"] + arguments)
    #expect(made.status == status && made.errors.contains(message), "\(made.errors)")
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("x").path))
  }
}
