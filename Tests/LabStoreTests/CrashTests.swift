import Foundation
import LabCore
import LabRecords
import LabStore
import LabTesting
import StoreCrasher
import Testing

@Suite(.serialized) struct CrashTests {
  private static let elements = 200_000

  /// A process that trains is killed again and again at instants that have nothing to do with what it does.
  @Test func whatWasReportedAsStoredIsThereOnceAndWhole() throws {
    let folder = TestFolder()
    let results = folder.path("Results")
    let delays = RandomStream(seed: 0, name: "kill")
    var lastEpoch = -1
    var lastCheckpoint = 0
    var productiveTrials = 0
    for trial in 0..<30 {
      let child = try ChildProcess(
        ["train", results, "1000000", String(CrashTests.elements)], outputIn: folder)
      // Every fourth process is killed at an instant of its start, the others while they train.
      if trial % 4 != 3 { try #require(child.wait { $0.hasPrefix("start ") }) }
      usleep(UInt32(delays.uniform(UInt64(trial)) * 200_000))
      child.kill()
      let lines = child.lines
      #expect(!lines.contains { $0.hasPrefix("problem") || $0.hasPrefix("error") }, "\(lines)")
      if let start = lines.compactMap({ number($0, "start") }).first {
        #expect(start >= lastCheckpoint, "training goes on from the last checkpoint that was reported")
        lastEpoch = min(lastEpoch, start - 1)
        productiveTrials += 1
      }
      lastEpoch = lines.compactMap { number($0, "epoch") }.last ?? lastEpoch
      lastCheckpoint = lines.compactMap { number($0, "checkpoint") }.last ?? lastCheckpoint
      try checkStore(results, lastEpoch: lastEpoch, lastCheckpoint: lastCheckpoint)
    }
    #expect(productiveTrials > 15, "the test kills processes before they do anything")

    let epochs = lastCheckpoint + 2
    let survivor = try ChildProcess(["train", results, String(epochs), String(CrashTests.elements)], outputIn: folder)
    survivor.waitUntilExit()
    #expect(survivor.lines.last == "done", "\(survivor.lines)")
    let store = try StudyStore(reading: results)
    let run = RunStoreSamples.run(level: "static", seed: 0).identity
    #expect(try store.epochs(of: run) == (0..<epochs).map { RunStoreSamples.epoch($0) })
    let weights = try store.folder(of: run).readWeights(.finalWeights)
    let expected = CrashSample.checkpoint(epochs: epochs, elements: CrashTests.elements).parameters
    #expect(weights.contentHash == expected.contentHash)
    #expect(
      folder.files.filter { $0.contains("runs/") && $0.hasSuffix(".h5") || $0.contains(".tmp-") }
        .map { ($0 as NSString).lastPathComponent } == ["checkpoint.h5", "weights-final.h5"])
  }

  private func number(_ line: String, _ word: String) -> Int? {
    line.hasPrefix(word + " ") ? Int(line.dropFirst(word.count + 1)) : nil
  }

  private func checkStore(_ results: String, lastEpoch: Int, lastCheckpoint: Int) throws {
    let store = try StudyStore(reading: results)
    let run = RunStoreSamples.run(level: "static", seed: 0).identity
    let epochs = try store.epochs(of: run)
    #expect(epochs == epochs.indices.map { RunStoreSamples.epoch($0) }, "each epoch once, none missing")
    #expect(epochs.count > lastEpoch, "epoch \(lastEpoch) was reported")
    #expect(try store.run(run)?.completedEpochs == epochs.count)
    let reading = try store.folder(of: run).readCheckpoint()
    #expect(reading.problems == [])
    guard lastCheckpoint > 0 || reading.checkpoint != nil else { return }
    let checkpoint = try #require(reading.checkpoint)
    let trained = try #require(checkpoint.progress["epochs"]?.integerValue)
    #expect(trained >= lastCheckpoint)
    #expect(trained <= epochs.count, "a checkpoint is never ahead of the epochs that it rests on")
    #expect(checkpoint == CrashSample.checkpoint(epochs: trained, elements: CrashTests.elements))
  }

  @Test func aKilledProcessesRunIsFreeAtOnceAndALivingOnesIsNot() throws {
    let folder = TestFolder()
    let child = try ChildProcess(["hold", folder.path("Results")], outputIn: folder)
    try #require(child.wait(for: "held"))
    let store = try StudyStore(folder: folder.path("Results"))
    let sweep = try #require(try store.sweeps().first)
    let run = RunStoreSamples.run(level: "static", seed: 0).identity
    let result = try store.claim(run, sweep: sweep.id, owner: .current, policy: .unfinished)
    guard case .busy(let owner, _) = result else {
      Issue.record("expected busy, got \(result)")
      return
    }
    #expect(owner.pid == child.pid)
    #expect(owner.liveness == .alive)
    child.kill()
    #expect(owner.liveness == .dead)
    #expect(try store.claimed("static", 0, sweep.id)?.lease.attempt == 2)
  }

  @Test func processesThatOpenAndClaimAtOnceShareTheRunsWithoutOverlap() throws {
    let folder = TestFolder()
    let children = try (0..<3).map { _ in
      try ChildProcess(["claim", folder.path("Results")], outputIn: folder)
    }
    for child in children { try #require(child.wait(for: "ready")) }
    for child in children { child.say("go") }
    for child in children { child.waitUntilExit() }
    for child in children { #expect(child.lines.last == "done", "\(child.lines.suffix(2))") }
    let claims = children.flatMap { $0.lines.filter { $0.count == 64 } }
    #expect(claims.count == 300)
    #expect(Set(claims).count == 300)
    let store = try StudyStore(reading: folder.path("Results"))
    #expect(try store.sweeps().map(\.runCounts) == [[.completed: 300]])
    #expect(try store.integer("SELECT COUNT(*) FROM attempt") == 300)
  }

  @Test func aFileThatMayNotGrowIsNamedAndThePreviousOneStays() throws {
    let folder = TestFolder()
    let results = folder.path("Results")
    let elements = 2_000_000
    let first = try ChildProcess(["train", results, "1000000", String(elements)], outputIn: folder)
    try #require(first.wait(for: "checkpoint 2"))
    first.kill()
    let limited = try ChildProcess(
      ["train-limited", results, "1000000", String(elements), "6000000"], outputIn: folder)
    limited.waitUntilExit()
    let run = RunStoreSamples.run(level: "static", seed: 0).identity
    let store = try StudyStore(reading: results)
    let path = store.folder(of: run).path(of: .checkpoint)
    #expect(limited.lines.last == "error \(StoreError.diskFull(path: path, code: EFBIG))", "\(limited.lines)")
    let start = try #require(limited.lines.compactMap { number($0, "start") }.first)
    let reading = try store.folder(of: run).readCheckpoint()
    #expect(reading.problems == [])
    #expect(reading.checkpoint == CrashSample.checkpoint(epochs: start, elements: elements))
    #expect(!folder.files.contains { $0.contains(".tmp-") })
  }

  /// Whether a child may have file systems that only it sees.
  private static let canMountPrivately: Bool = {
    let folder = TestFolder()
    let script = "unshare -rm mount -t tmpfs tmpfs /mnt && echo yes"
    guard let child = try? ChildProcess(script: script, outputIn: folder) else { return false }
    child.waitUntilExit()
    return child.lines == ["yes"]
  }()

  @Test(.enabled(if: canMountPrivately, "needs user namespaces"))
  func aFullDiskIsNamedAndTrainingGoesOnOnceThereIsSpace() throws {
    let folder = TestFolder()
    try FileManager.default.createDirectory(atPath: folder.path("disk"), withIntermediateDirectories: true)
    let script = """
      unshare -rm sh -c '
        mount -t tmpfs -o size=16m tmpfs "$1" || exit
        dd if=/dev/zero of="$1/filler" bs=1024 count=14600 2>/dev/null
        "$0" train "$1/Results" 60 "$2"
        rm "$1/filler"
        echo freed
        "$0" train "$1/Results" 60 "$2"
      ' "$0" "$1" "$2"
      """
    let child = try ChildProcess([folder.path("disk"), "100000"], script: script, outputIn: folder)
    child.waitUntilExit()
    let lines = child.lines
    let end = try #require(lines.firstIndex(of: "freed"), "\(lines)")
    #expect(lines[end - 1].hasPrefix("error there is no space left to write"), "\(lines[end - 1])")
    let lastCheckpoint = lines[..<end].compactMap { number($0, "checkpoint") }.last ?? 0
    #expect(lines[end + 1] == "start \(lastCheckpoint)")
    #expect(lines.last == "done", "\(lines.suffix(2))")
  }

  @Test(.enabled(if: canMountPrivately, "needs user namespaces"), arguments: [false, true])
  func resultsOnAReadOnlyFileSystemAreReadAndNotWritten(isWriterAlive: Bool) throws {
    let folder = TestFolder()
    let results = folder.path("Results")
    var store: StudyStore? = try StudyStore(folder: results)
    _ = try store?.register(RunStoreSamples.sweep())
    if !isWriterAlive { store = nil }
    let script = """
      unshare -rm sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && "$0" list "$1"' "$0" "$1"
      """
    let child = try ChildProcess([results], script: script, outputIn: folder)
    child.waitUntilExit()
    #expect(
      child.lines == [
        "read ablation 9", "error \(StoreError.readOnly(path: results + "/" + StudyStore.databaseName))",
      ])
    withExtendedLifetime(store) {}
  }
}
