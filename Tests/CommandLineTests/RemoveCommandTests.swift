import Foundation
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

/// What a user removes.
@Suite(.serialized) struct RemoveCommandTests {
  /// Two sweeps that share a completed run, and a completed run of the first one only.
  private func prepare() throws -> (Labrun, StudyStore) {
    let labrun = try Labrun()
    let store = try StudyStore(folder: labrun.folder.appendingPathComponent(labrun.results).path)
    let pilot = try store.register(RunStoreSamples.sweep(name: "pilot", levels: ["static", "odconv-1x"], seeds: [0])).id
    _ = try store.register(RunStoreSamples.sweep(name: "ablation", levels: ["static"], seeds: [0, 1]))
    for level in ["static", "odconv-1x"] {
      let claim = try store.claim(
        RunStoreSamples.run(level: level, seed: 0).identity, sweep: pilot, owner: .current, policy: .unfinished)
      guard case .claimed(let claimed) = claim else { continue }
      for epoch in 0..<4 { try store.record(RunStoreSamples.epoch(epoch), lease: claimed.lease) }
      try store.finish(claimed.lease, .completed(RunStoreSamples.final()))
    }
    return (labrun, store)
  }

  @Test func aSweepIsRemovedAndWhatStaysIsNamed() throws {
    let (labrun, store) = try prepare()
    defer { labrun.remove() }
    let run = RunStoreSamples.run(level: "static", seed: 0).identity.short
    let asked = try labrun.run("remove", "pilot")
    #expect(asked.status == 64 && asked.errors.contains("where there is none, give --yes"), "\(asked.errors)")
    #expect(asked.output.contains("sweep 1 (pilot): 1 run (1 completed), 0 B of files"), "\(asked.output)")
    #expect(asked.output.contains("static, seed 0 (\(run)) stays: ablation (sweep 2) needs it"), "\(asked.output)")
    #expect(try store.sweeps().count == 2)
    let removed = try labrun.run("remove", "pilot", "--yes")
    #expect(removed.status == 0 && removed.output.contains("Removed: 1 run, 0 B of files"), "\(removed.errors)")
    #expect(try store.sweeps().map(\.name) == ["ablation"])

    let forgotten = try labrun.run("remove", run, "--yes")
    #expect(
      forgotten.output.contains("never started then in ablation (sweep 2)"), "\(forgotten.output)\(forgotten.errors)")
    #expect(try store.sweep(2).runs.map(\.state) == [.pending, .pending])
    #expect(try labrun.run("doctor", "--check").status == 0)
    let unknown = try labrun.run("remove", "pilot", "--yes")
    #expect(unknown.status == 66 && unknown.errors.contains("pilot"), "\(unknown.errors)")
  }

  /// What a sweep has written for TensorBoard goes with it, and nothing that somebody else has put there.
  @Test func eventFilesGoWithTheirSweep() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let spec = Labrun.spec(epochs: 1).replacing("\"workers\": 2", with: "\"workers\": 2, \"tensorboard\": true")
    try labrun.write(spec, to: "Experiments/tiny.json")
    #expect(try labrun.run("sweep", "tiny").status == 0)
    let events = labrun.folder.appendingPathComponent("Results/tensorboard")
    func files() -> [String] { (FileManager.default.enumerator(atPath: events.path)?.allObjects as? [String]) ?? [] }
    #expect(files().count { $0.hasSuffix(".labrun") } == 2)
    try labrun.write("mine", to: "Results/tensorboard/tiny-1/baseline/notes.txt")
    let removed = try labrun.run("remove", "tiny", "--yes")
    #expect(removed.status == 0, "\(removed.errors)")
    #expect(
      removed.output.contains("Results/tensorboard/tiny-1/baseline/notes.txt stays: labrun has not written it"),
      "\(removed.output)")
    #expect(files().sorted() == ["tiny-1", "tiny-1/baseline", "tiny-1/baseline/notes.txt"], "\(files())")
    // Without anything of others, the whole folder goes.
    #expect(try labrun.run("sweep", "tiny").status == 0)
    #expect(files().contains { $0.hasPrefix("tiny-2/") })
    #expect(try labrun.run("remove", "tiny", "--yes").status == 0)
    #expect(!files().contains { $0.hasPrefix("tiny-2") }, "\(files())")
  }

  @Test func aRunThatIsBeingTrainedStays() throws {
    let (labrun, store) = try prepare()
    defer { labrun.remove() }
    _ = try store.claim(
      RunStoreSamples.run(level: "static", seed: 1).identity, sweep: 2, owner: .current, policy: .unfinished)
    let result = try labrun.run("remove", "ablation", "--yes")
    #expect(
      result.status == 64 && result.errors.contains("is being trained by process \(getpid())"), "\(result.errors)")
    #expect(result.errors.contains("stop its sweep first; nothing was removed"))
    #expect(try store.sweeps().count == 2)
  }

  @Test func whatNothingNeedsIsShownAndRemoved() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(epochs: 1), to: "Experiments/tiny.json")
    let cache = ["LABRUN_CACHE": labrun.folder.appendingPathComponent("cache").path]
    #expect(try labrun.run("sweep", "tiny", variables: cache).status == 0)
    let leftover = labrun.folder.appendingPathComponent("Results/archive.tmp-99999999-1")
    try Data(count: 2048).write(to: leftover)
    let shown = try labrun.run("clean", variables: cache)
    #expect(shown.status == 0 && shown.output.contains("Nothing was removed: --yes does it."), "\(shown.errors)")
    #expect(
      shown.output.contains(/leftovers\s*│ unfinished files of processes that have died\s*│\s*1 │ 2.00 KiB/),
      "\(shown.output)")
    #expect(
      shown.output.contains(/cache\s*│ decoded data sets, which all results folders share\s*│\s*1 │/), "\(shown.output)"
    )
    let one = try labrun.run("clean", "leftovers", "--yes", variables: cache)
    #expect(one.output.contains("All of this was removed.") && !FileManager.default.fileExists(atPath: leftover.path))
    #expect(!one.output.contains("cache"))
    #expect(try labrun.run("clean", "--yes", variables: cache).status == 0)
    let nothing = try labrun.run("clean", variables: cache)
    #expect(nothing.output.contains("There is nothing to remove."), "\(nothing.output)")
    // What was removed is made again where it is needed.
    let again = try labrun.run("sweep", "tiny", variables: cache)
    #expect(again.status == 0 && again.errors.contains("(2 reused)"), "\(again.errors)")
    #expect(try labrun.run("doctor", "--check").status == 0)
    let wrong = try labrun.run("clean", "everything")
    #expect(wrong.status == 64 && wrong.errors.contains("checkpoints"), "\(wrong.errors)")
    #expect(try labrun.run("clean", "--results", "nowhere", "--yes").status == 66)
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("nowhere").path))
  }
}
