import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// Files of a program that change while its sweep is under way: no run gets the identity of another program.
@Suite struct ProgramChangeTests {
  /// A study of a script that has `$1` for its seed and `$2` for its folder, and of files that it reads.
  private func study(_ script: String, workers: Int = 1, seeds: Int = 3) throws -> Labrun {
    let labrun = try Labrun()
    try FileManager.default.createDirectory(
      at: labrun.folder.appendingPathComponent("Experiments/lib"), withIntermediateDirectories: true)
    try labrun.write("one\n", to: "Experiments/lib/a.txt")
    try labrun.write(script + "\necho \"acc: 50\"\n", to: "Experiments/train.sh")
    try labrun.write(
      """
      { "name": "mine",
        "program": {
          "command": ["sh", "train.sh", "{seed}", "{folder}"], "sources": ["train.sh", "lib/*.txt"],
          "pattern": "acc: {test_accuracy}"
        },
        "parameters": {}, "seeds": \(seeds), "execution": { "workers": \(workers) } }
      """, to: "Experiments/mine.json")
    return labrun
  }

  private func states(_ labrun: Labrun) throws -> [String] {
    try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path).sweep(1).runs
      .sorted { $0.seed < $1.seed }.map { "\($0.state) \($0.attempts)" }
  }

  @Test(arguments: [
    ("echo two >> lib/a.txt", "lib/a.txt was changed ("), ("echo two > lib/b.txt", "lib/b.txt was added ("),
    ("rm lib/a.txt; echo > lib/c.txt", "lib/a.txt is gone "), ("echo '# two' >> train.sh", "train.sh was changed ("),
  ])
  func aChangeEndsTheSweep(change: String, message: String) throws {
    let labrun = try study("[ $1 = 1 ] && { \(change); }")
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 65 && sweep.errors.contains(message), "\(sweep.errors)")
    #expect(
      sweep.errors.contains("its result does not count, and no further run is started"), "\(sweep.errors)")
    #expect(try states(labrun) == ["completed 1", "interrupted 1", "pending 0"])
    // What is there now is another program.
    #expect(try labrun.run("sweep", "mine", "--dry-run").output.contains("3 runs: 3 to run"))
  }

  /// A run that is refused was never started.
  @Test func aChangeBetweenRunsStartsNone() throws {
    let labrun = try study("[ $1 = 0 ] && { echo two >> lib/a.txt; exit 3; }")
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine")
    #expect(
      sweep.status == 65
        && sweep.errors.contains(
          "after the sweep had read it: no further run is started, since it would be another program"),
      "\(sweep.errors)")
    #expect(try states(labrun) == ["failed 1", "interrupted 1", "pending 0"])
    let runs = labrun.folder.appendingPathComponent("Results/runs").path
    #expect(try FileManager.default.subpathsOfDirectory(atPath: runs).count { $0.hasSuffix("/program") } == 1)
  }

  /// What was put back before a run ends, was the same all the time as far as anybody knows, and a new time alone is no change.
  @Test func whatIsPutBackCounts() throws {
    let labrun = try study(
      "cp lib/a.txt $2/a; [ $1 = 1 ] && { echo two >> lib/a.txt; sleep 0.3; cp $2/a lib/a.txt; }; touch train.sh")
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 0, "\(sweep.errors)")
    #expect(try states(labrun) == ["completed 1", "completed 1", "completed 1"])
  }

  /// What Python compiles for itself, and what is hidden, is no source.
  @Test(arguments: ["lib", "lib/**"]) func whatComesAndGoesIsNoSource(sources: String) throws {
    let labrun = try study("mkdir -p lib/__pycache__; echo $1 > lib/__pycache__/a.pyc; echo $1 > lib/.hidden")
    defer { labrun.remove() }
    let spec = try String(contentsOf: labrun.folder.appendingPathComponent("Experiments/mine.json"), encoding: .utf8)
    try labrun.write(spec.replacing("lib/*.txt", with: sources), to: "Experiments/mine.json")
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 0, "\(sweep.errors)")
    #expect(try labrun.run("sweep", "mine").errors.contains("(3 reused)"))
    try labrun.write("two\n", to: "Experiments/lib/b.txt")
    #expect(try labrun.run("sweep", "mine", "--dry-run").output.contains("3 runs: 3 to run"))
  }

  /// Patterns mean files in the folders that they name, at whatever depth.
  @Test(arguments: [
    ("*/a.txt", "lib/a.txt"), ("l?b/*", "lib/a.txt"), ("**/*.md", "lib/deep/er/x.md"),
    ("lib/**/x.md", "lib/deep/er/x.md"),
    ("lib/*/er/x.*", "lib/deep/er/x.md"),
  ])
  func patternsMeanFiles(pattern: String, file: String) throws {
    let labrun = try study("")
    defer { labrun.remove() }
    try FileManager.default.createDirectory(
      at: labrun.folder.appendingPathComponent("Experiments/lib/deep/er"), withIntermediateDirectories: true)
    try labrun.write("x", to: "Experiments/lib/deep/er/x.md")
    let spec = try String(contentsOf: labrun.folder.appendingPathComponent("Experiments/mine.json"), encoding: .utf8)
    try labrun.write(spec.replacing("lib/*.txt", with: pattern), to: "Experiments/mine.json")
    #expect(try labrun.run("sweep", "mine").status == 0)
    // Another file is none of its business, and this one is.
    try labrun.write("x", to: "Experiments/lib/deep/y.txt")
    #expect(try labrun.run("sweep", "mine", "--dry-run").output.contains("3 complete already"))
    try labrun.write("two", to: "Experiments/\(file)")
    #expect(try labrun.run("sweep", "mine", "--dry-run").output.contains("3 to run"))
  }

  /// Those that are under way go on, and count where the file is as it was when they end.
  @Test func runsThatAreUnderWayGoOn() throws {
    let labrun = try study(
      """
      case $1 in
        0) sleep 1; echo two >> lib/a.txt;;
        1) sleep 4; printf 'one\\n' > lib/a.txt;;
      esac
      """, workers: 2, seeds: 4)
    defer { labrun.remove() }
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 65, "\(sweep.errors)")
    #expect(try states(labrun) == ["interrupted 1", "completed 1", "pending 0", "pending 0"])
  }

  /// Its checkpoint may be of either program, so that nothing goes on from it.
  @Test func aCheckpointInDoubtIsPutAside() throws {
    let labrun = try study(
      """
      [ -e $2/checkpoint ] && echo 'goes on' || echo 'begins anew'
      touch $2/checkpoint
      [ -e $2/again ] || { touch $2/again; echo two >> lib/a.txt; }
      """, seeds: 1)
    defer { labrun.remove() }
    #expect(try labrun.run("sweep", "mine").status == 65)
    try labrun.write("one\n", to: "Experiments/lib/a.txt")
    let sweep = try labrun.run("sweep", "mine")
    #expect(sweep.status == 0 && sweep.errors.contains("1 of 1 runs completed"), "\(sweep.errors)")
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    let run = try #require(try store.sweep(1).runs.first)
    let log = try labrun.run("show", run.identity.short, "--log").output
    #expect(log.contains("begins anew") && !log.contains("goes on"), "\(log)")
    let folder = labrun.folder.appendingPathComponent("Results/runs/\(run.identity.short)/program").path
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).contains("checkpoint-of-changed-files"))
  }
}
