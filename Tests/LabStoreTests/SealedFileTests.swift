import Foundation
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

@Suite struct RunFolderTests {
  private let results = TestFolder()
  private let store: StudyStore
  private let lease: RunLease
  private let files: HeldRunFolder

  init() throws {
    store = try StudyStore(folder: results.path("Results"))
    let sweep = try store.register(RunStoreSamples.sweep())
    lease = try #require(try store.claimed("static", 0, sweep.id)).lease
    files = try store.heldFolder(for: lease)
  }

  private func checkpoint(_ number: Int) -> Checkpoint {
    Checkpoint(
      parameters: [
        NamedTensor("bn1.num_batches_tracked", Shape([]), [Int64(number)]),
        NamedTensor("empty", [0, 3], [Float]()),
        NamedTensor("layer1.0.conv1.weight", [2, 1, 3, 3], (0..<18).map { Float($0) * 0.1 + Float(number) }),
      ],
      optimizer: [NamedTensor("layer1.0.conv1.weight.momentum", [18], .float64((0..<18).map { Double($0) / 3 }))],
      state: [NamedTensor("mask", [3], .uint8([0, 255, 7]))],
      progress: [
        "epoch": .integer(number), "loss_sum": 0.1, "note": "größer", "history": .array([.number(1e-300), .null]),
      ])
  }

  @Test func aCheckpointComesBackBitForBit() throws {
    try files.write(checkpoint(1))
    let reading = try store.folder(of: lease.run).readCheckpoint()
    #expect(reading.checkpoint == checkpoint(1))
    #expect(reading.path == files.folder.path(of: .checkpoint))
    #expect(reading.problems == [])
  }

  @Test func strangeNumbersComeBackBitForBit() throws {
    let bits: [UInt32] = [0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0001, 1, 0x0080_0000, 0x7f7f_ffff]
    let weights = [
      NamedTensor("float", [bits.count], bits.map { Float(bitPattern: $0) }),
      NamedTensor("integer", [3], [Int64.min, 0, .max]),
    ]
    try files.write(weights: weights, as: .best, epoch: 7, attributes: ["accuracy": .number(0.5)])
    let read = try files.folder.readWeights(.bestWeights)
    #expect(read.map(\.name) == ["float", "integer"])
    #expect(read[0].floats?.map(\.bitPattern) == bits)
    #expect(read[1].integers == [.min, 0, .max])
    #expect(read.contentHash == weights.contentHash)
  }

  @Test func progressOfAnySizeIsKept() throws {
    var large = checkpoint(1)
    large.progress["confusion"] = .array((0..<50_000).map { .integer($0) })
    try files.write(large)
    #expect(try files.folder.readCheckpoint().checkpoint?.progress == large.progress)
  }

  @Test func progressThatIsNotFiniteIsRefusedBeforeAnythingIsReplaced() throws {
    try files.write(checkpoint(1))
    var bad = checkpoint(2)
    bad.progress["loss_sum"] = .number(.nan)
    #expect(throws: StoreError.self) { try files.write(bad) }
    #expect(try files.folder.readCheckpoint().checkpoint == checkpoint(1))
  }

  @Test func theLastTwoCheckpointsAreKept() throws {
    for number in 1...4 { try files.write(checkpoint(number)) }
    #expect(try files.folder.readCheckpoint().checkpoint == checkpoint(4))
    try FileManager.default.removeItem(atPath: files.folder.path(of: .checkpoint))
    let reading = try files.folder.readCheckpoint()
    #expect(reading.checkpoint == checkpoint(3))
    #expect(reading.path == files.folder.path(of: .previousCheckpoint))
    #expect(results.files.filter { $0.contains(".h5") }.count == 1)
  }

  @Test func aCompletedRunKeepsOneCheckpoint() throws {
    for number in 1...2 { try files.write(checkpoint(number)) }
    try files.write(weights: checkpoint(2).parameters, as: .final)
    try store.finish(lease, .completed(RunStoreSamples.final()))
    #expect(files.folder.has(.checkpoint))
    #expect(!files.folder.has(.previousCheckpoint))
    #expect(files.folder.has(.finalWeights))
  }

  @Test func aTornCheckpointIsFoundAtEveryLength() throws {
    for number in 1...2 { try files.write(checkpoint(number)) }
    let path = files.folder.path(of: .checkpoint)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let lengths = Array(0..<80) + Array(stride(from: 80, to: whole.count, by: 61)) + [whole.count - 1]
    for length in lengths {
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      let reading = try files.folder.readCheckpoint()
      #expect(reading.checkpoint == checkpoint(1), "cut at \(length)")
      #expect(reading.problems.count == 1)
      guard case .damagedFile(path, _)? = reading.problems.first else {
        Issue.record("expected a damaged file, got \(reading.problems)")
        return
      }
    }
    try (whole + [0]).write(to: URL(fileURLWithPath: path))
    #expect(try files.folder.readCheckpoint().checkpoint == checkpoint(1), "a byte too many")
  }

  @Test func aSingleBitThatDiffersIsFound() throws {
    for number in 1...2 { try files.write(checkpoint(number)) }
    let path = files.folder.path(of: .checkpoint)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let positions = RandomStream(seed: 0, name: "bit flips")
    let everyByteOfTheSeal = (0..<120).map { $0 * 8 + $0 % 8 }
    let others = (0..<200).map { positions.integer(below: whole.count * 8, UInt64($0)) }
    for bit in everyByteOfTheSeal + others {
      var damaged = whole
      damaged[bit / 8] ^= 1 << (bit % 8)
      try damaged.write(to: URL(fileURLWithPath: path))
      let reading = try files.folder.readCheckpoint()
      #expect(reading.checkpoint == checkpoint(1), "bit \(bit)")
      #expect(reading.problems.count == 1)
    }
  }

  @Test func whenNoCheckpointIsWholeThereIsNone() throws {
    for number in 1...2 { try files.write(checkpoint(number)) }
    for file in [RunFolder.File.checkpoint, .previousCheckpoint] {
      try Data("torn".utf8).write(to: URL(fileURLWithPath: files.folder.path(of: file)))
    }
    let reading = try files.folder.readCheckpoint()
    #expect(reading.checkpoint == nil)
    #expect(reading.problems.count == 2)
  }

  @Test func aFileOfAnotherRunOrKindIsRefused() throws {
    try files.write(checkpoint(1))
    let other = RunStoreSamples.run(level: "static", seed: 1).identity
    let otherFolder = store.folder(of: other)
    try FileManager.default.createDirectory(atPath: otherFolder.path, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: files.folder.path(of: .checkpoint), toPath: otherFolder.path(of: .checkpoint))
    #expect(
      try otherFolder.readCheckpoint().problems == [
        .foreignFile(
          path: otherFolder.path(of: .checkpoint), expected: other, actual: lease.run.hash.hexadecimal)
      ])
    try FileManager.default.copyItem(
      atPath: files.folder.path(of: .checkpoint), toPath: files.folder.path(of: .finalWeights))
    #expect(throws: StoreError.self) { _ = try files.folder.readWeights(.finalWeights) }
  }

  @Test func aLostLeaseReplacesNoFile() throws {
    try files.write(checkpoint(1))
    let before = try Data(contentsOf: URL(fileURLWithPath: files.folder.path(of: .checkpoint)))
    try store.finish(lease, .interrupted(reason: "stopped"))
    #expect(throws: RunStoreError.leaseLost(lease)) { try files.write(checkpoint(2)) }
    #expect(throws: RunStoreError.leaseLost(lease)) { try files.write(weights: [], as: .final) }
    #expect(throws: RunStoreError.leaseLost(lease)) { _ = try store.heldFolder(for: lease) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: files.folder.path(of: .checkpoint))) == before)
    #expect(!files.folder.has(.previousCheckpoint))
    #expect(!results.files.contains { $0.contains(".tmp-") })
  }

  @Test func leftoversOfDeadProcessesAreRemoved() throws {
    let leftover = files.folder.path + "/checkpoint.h5.tmp-123-456"
    try Data("half a file".utf8).write(to: URL(fileURLWithPath: leftover))
    try files.write(checkpoint(1))
    _ = try store.heldFolder(for: lease)
    #expect(!FileManager.default.fileExists(atPath: leftover))
    #expect(try files.folder.readCheckpoint().checkpoint == checkpoint(1))
  }

  @Test func predictionsComeBack() throws {
    let predictions = Predictions(
      logits: (0..<12).map { Float($0) / 7 }, labels: [0, 2, 1, 2], confusion: [[1, 0, 0], [0, 1, 0], [1, 0, 1]],
      classNames: ["stop", "yield, give way", "Überholverbot"])
    func write(_ predictions: Predictions, weight: Float) throws {
      try files.write(
        finalWeights: [NamedTensor("w", [1], [weight])], epoch: 1, attributes: [:], predictions: predictions)
    }
    try write(predictions, weight: 1)
    #expect(try files.folder.readPredictions() == predictions)
    var wrong = predictions
    wrong.labels.removeLast()
    #expect(throws: StoreError.self) { try write(wrong, weight: 2) }
    #expect(try files.folder.readPredictions() == predictions)
    // Neither of the two is replaced where one of them cannot be.
    #expect(try files.folder.content(of: .finalWeights).tensor("w")?.floats == [1])
  }

  @Test(arguments: ["", ".", "a/b", "a\0b"]) func namesThatHDF5WouldSplitAreRefused(name: String) throws {
    let problem = "a name must not be empty or \".\" or contain \"/\""
    #expect(throws: StoreError.invalidTensor(name: name, problem: problem)) {
      try files.write(weights: [NamedTensor(name, [1], [0.0 as Float])], as: .final)
    }
  }

  @Test func aNameUsedTwiceIsRefused() throws {
    let tensor = NamedTensor("w", [1], [0.0 as Float])
    #expect(throws: StoreError.invalidTensor(name: "w", problem: "the name is used twice")) {
      try files.write(weights: [tensor, tensor], as: .final)
    }
  }

  @Test func equalContentMakesEqualFiles() throws {
    try files.write(weights: checkpoint(1).parameters, as: .final)
    try files.write(weights: checkpoint(1).parameters, as: .best)
    let first = try Data(contentsOf: URL(fileURLWithPath: files.folder.path(of: .finalWeights)))
    #expect(try Data(contentsOf: URL(fileURLWithPath: files.folder.path(of: .bestWeights))) == first)
  }

  @Test func filesMayBeWrittenFromManyThreadsAtOnce() throws {
    let sweep = try #require(try store.sweeps().first)
    let folders = try (1...2).map { seed in
      try store.heldFolder(for: #require(try store.claimed("odconv-4x", UInt64(seed), sweep.id)).lease)
    }
    DispatchQueue.concurrentPerform(iterations: folders.count) { [checkpoints = (0..<40).map(checkpoint)] worker in
      for number in 0..<20 {
        do {
          try folders[worker].write(checkpoints[number * 2 + worker])
          #expect(try folders[worker].folder.readCheckpoint().checkpoint == checkpoints[number * 2 + worker])
        } catch {
          Issue.record(error)
        }
      }
    }
  }
}
