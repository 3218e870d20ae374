import Foundation
import LabCore
import LabRecords
import LabStore
import LabTesting

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

// A process for tests to kill: it does what a training process does to a store, and says what it has done only after
// the store has said so.

/// Writes a line past every buffer of this process.
func say(_ text: String) {
  let line = Array((text + "\n").utf8)
  _ = line.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}

/// Trains one run, or goes on with it.
func train(_ folder: String, epochs: Int, elements: Int) throws {
  let store = try StudyStore(folder: folder, options: StudyStore.Options(busyTimeoutSeconds: 60))
  let sweep = try store.register(RunStoreSamples.sweep(levels: ["static"], seeds: [0]))
  let run = RunStoreSamples.run(level: "static", seed: 0).identity
  guard case .claimed(let claimed) = try store.claim(run, sweep: sweep.id, owner: .current, policy: .unfinished) else {
    return say("not claimed")
  }
  let files = try store.heldFolder(for: claimed.lease)
  let reading = try files.folder.readCheckpoint()
  for problem in reading.problems { say("problem \(problem)") }
  let start = reading.checkpoint?.progress["epochs"]?.integerValue ?? 0
  // Said before it is done: epochs that rest on no checkpoint may be gone from here on.
  say("start \(start)")
  try store.recordStart(RunStoreSamples.provenance(), epoch: start, step: start, lease: claimed.lease)
  for epoch in start..<epochs {
    try store.record(RunStoreSamples.epoch(epoch), lease: claimed.lease)
    say("epoch \(epoch)")
    try files.write(CrashSample.checkpoint(epochs: epoch + 1, elements: elements))
    say("checkpoint \(epoch + 1)")
  }
  try files.write(weights: CrashSample.checkpoint(epochs: epochs, elements: elements).parameters, as: .final)
  try store.finish(claimed.lease, .completed(RunStoreSamples.final()))
  say("done")
}

/// Claims and completes every run that nobody else does.
func claimAll(_ folder: String) throws {
  say("ready")
  _ = readLine()
  let store = try StudyStore(folder: folder, options: StudyStore.Options(busyTimeoutSeconds: 60))
  let registration = RunStoreSamples.sweep(seeds: Array(0..<100))
  let sweep = try store.register(registration)
  for run in registration.variants.flatMap(\.runs) {
    guard
      case .claimed(let claimed) = try store.claim(
        run.identity, sweep: sweep.id, owner: .current, policy: .unfinished)
    else { continue }
    say(run.identity.hash.hexadecimal)
    try store.finish(claimed.lease, .completed(RunStoreSamples.final()))
  }
  say("done")
}

/// Claims a run and never lets go.
func hold(_ folder: String) throws {
  let store = try StudyStore(folder: folder)
  let sweep = try store.register(RunStoreSamples.sweep(levels: ["static"], seeds: [0]))
  let run = RunStoreSamples.run(level: "static", seed: 0).identity
  guard case .claimed = try store.claim(run, sweep: sweep.id, owner: .current, policy: .unfinished) else {
    return say("not claimed")
  }
  say("held")
  while true { sleep(60) }
}

/// Says what sweeps there are, then tries to write.
func list(_ folder: String) throws {
  for sweep in try StudyStore(reading: folder).sweeps() {
    say("read \(sweep.name) \(sweep.runCounts.values.reduce(0, +))")
  }
  let store = try StudyStore(folder: folder)
  _ = try store.register(RunStoreSamples.sweep())
  say("written")
}

/// Takes another folder's results over, and says each run after it was taken.
func merge(_ folder: String, from other: String) throws {
  let store = try StudyStore(folder: folder)
  var merge = try StoreMerge(StudyStore(reading: other), into: store, named: "other")
  say("ready")
  try merge.run { if $0.isTaken { say("took \($0.label)") } }
  say("done")
}

/// Writes one file of each kind, for `check_readable.py` and as a fixture.
func writeSamples(_ folder: String) throws {
  let store = try StudyStore(folder: folder)
  let sweep = try store.register(RunStoreSamples.sweep(levels: ["static"], seeds: [0]))
  let run = RunStoreSamples.run(level: "static", seed: 0).identity
  guard case .claimed(let claimed) = try store.claim(run, sweep: sweep.id, owner: .current, policy: .unfinished) else {
    return say("not claimed")
  }
  let files = try store.heldFolder(for: claimed.lease)
  let weights = [
    NamedTensor("conv1.weight", [2, 3, 3, 3], (0..<54).map { -2 + Float($0) / 8 }),
    NamedTensor("bn1.num_batches_tracked", Shape([]), [9 as Int64]),
  ]
  try files.write(
    Checkpoint(
      parameters: weights, optimizer: [NamedTensor("conv1.weight.momentum", [3], .float64([0.1, 0.2, 0.3]))],
      state: [NamedTensor("mask", [2], .uint8([0, 255]))], progress: ["epoch": 3, "note": "größer", "loss_sum": 0.1]))
  try files.write(
    finalWeights: weights, epoch: 3, attributes: ["accuracy": .number(0.5)],
    predictions: Predictions(
      logits: [1, 0, 0, 0.5, 2, 0.25], labels: [0, 1, 0], confusion: [[1, 0], [1, 1]],
      classNames: ["stop", "größer"]))
  try store.finish(claimed.lease, .completed(RunStoreSamples.final()))
  say(files.folder.path)
}

let arguments = CommandLine.arguments.dropFirst()
do {
  let folder = arguments.dropFirst().first ?? ""
  let numbers = arguments.dropFirst(2).compactMap { Int($0) }
  switch arguments.first {
  case "train" where numbers.count == 2: try train(folder, epochs: numbers[0], elements: numbers[1])
  case "train-limited" where numbers.count == 3:
    // The system then refuses to let any file grow beyond the limit, instead of killing the process.
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit(rlim_cur: rlim_t(numbers[2]), rlim_max: rlim_t(numbers[2]))
    #if canImport(Glibc)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    #else
      setrlimit(RLIMIT_FSIZE, &limit)
    #endif
    try train(folder, epochs: numbers[0], elements: numbers[1])
  case "claim": try claimAll(folder)
  case "hold": try hold(folder)
  case "list": try list(folder)
  case "merge": try merge(folder, from: arguments.dropFirst(2).first ?? "")
  case "samples": try writeSamples(folder)
  default: say("usage: StoreCrasher train|train-limited|claim|hold|list|merge|samples FOLDER [EPOCHS ELEMENTS [BYTES]]")
  }
} catch {
  say("error \(error)")
}
