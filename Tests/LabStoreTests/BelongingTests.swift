import Foundation
import GRDB
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

/// Files and databases that do not belong together, as after restoring some of them from a copy.
@Suite struct BelongingTests {
  private let results = TestFolder()
  private let store: StudyStore
  private let sweep: Int64

  init() throws {
    store = try StudyStore(folder: results.path("Results"))
    sweep = try store.register(RunStoreSamples.sweep()).id
  }

  private let run = RunStoreSamples.run(level: "static", seed: 0).identity

  private func path(_ file: RunFolder.File) -> String { store.folder(of: run).path(of: file) }

  /// Trains some epochs, as an attempt that is then killed.
  private func train(_ life: TrainingLife = TrainingLife(), epochs: Int, in store: StudyStore? = nil) throws {
    var life = life
    life.lastEpoch = epochs
    try life.live(in: store ?? self.store, run: run, sweep: sweep)
  }

  private func resume(in store: StudyStore? = nil) throws -> RunResumption {
    let store = store ?? self.store
    let claimed = try #require(try store.claimed("static", 0, sweep, owner: RunStoreSamples.deadProcess))
    return try store.heldFolder(for: claimed.lease).resumption()
  }

  private func epoch(_ resumption: RunResumption) -> Int? { resumption.checkpoint?.progress["epoch"]?.integerValue }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: store.folder(of: run).path).sorted() }
  }

  @Test func whatBelongsTogetherGoesOnWithoutAWord() throws {
    try train(epochs: 3)
    let resumption = try resume()
    #expect(epoch(resumption) == 3)
    #expect(
      resumption.bestWeights?.contentHash == TrainingLife.weights(epoch: TrainingLife.bestEpoch(before: 3)).contentHash)
    #expect(resumption.remarks == [])
    #expect(try names == ["checkpoint-previous.h5", "checkpoint.h5", "weights-best.h5"])
  }

  /// What the released version wrote carries no tokens; neither did its database.
  @Test func resultsOfAnEarlierVersionAreTakenUp() throws {
    try train(epochs: 3)
    try makeEarlier()
    let reader = try StudyStore(reading: results.path("Results"))
    #expect(try reader.epochs(of: run).count == 3, "reading brings the tables up to date")
    let resumption = try resume(in: StudyStore(folder: results.path("Results")))
    #expect(epoch(resumption) == 3)
    #expect(resumption.bestWeights != nil)
    #expect(resumption.remarks == [])
  }

  @Test func filesOfAnEarlierVersionAreNotTakenUpByAnotherDatabase() throws {
    try train(epochs: 3)
    try makeEarlier()
    try FileManager.default.removeItem(atPath: store.path)
    for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: store.path + end) }
    let other = try StudyStore(folder: results.path("Results"))
    _ = try other.register(RunStoreSamples.sweep())
    let resumption = try resume(in: other)
    #expect(resumption.checkpoint == nil)
    #expect(resumption.remarks.count == 3, "\(resumption.remarks)")
  }

  /// Takes the tokens from the database and from the files.
  private func makeEarlier() throws {
    for file in [RunFolder.File.checkpoint, .previousCheckpoint, .bestWeights] {
      var content = try store.folder(of: run).content(of: file)
      for key in ["database", "attempt_token", "step", "best_weights"] { content.attributes[key] = nil }
      if file != .bestWeights { content.attributes["epoch"] = nil }
      let format = file == .bestWeights ? "labrun-weights" : "labrun-checkpoint"
      try ResultFile.write(content, format: format, to: path(file))
    }
    try DatabaseQueue(path: store.path).write { database in
      try database.execute(
        sql: """
          DROP TABLE store; DROP TABLE file; ALTER TABLE attempt DROP COLUMN token;
          ALTER TABLE attempt DROP COLUMN start_step; DELETE FROM grdb_migrations WHERE identifier = 'identity'
          """)
    }
  }

  @Test func aCheckpointAheadOfTheDatabaseIsSetAside() throws {
    try train(epochs: 4)
    try DatabaseQueue(path: store.path).write { try $0.execute(sql: "DELETE FROM epoch_timing WHERE epoch >= 3") }
    let before = try Data(contentsOf: URL(fileURLWithPath: path(.checkpoint)))
    let resumption = try resume()
    // The one before stands within the fourth epoch, after three.
    #expect(epoch(resumption) == 3)
    #expect(
      resumption.remarks == [
        "\(path(.checkpoint)) is ahead of the database, which has 3 of the 4 epochs before it; it was set aside as "
          + "checkpoint.h5.set-aside, and the run goes on after epoch 3"
      ])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path(.checkpoint) + ".set-aside")) == before)
  }

  @Test func whatWasSetAsideBeforeIsKept() throws {
    for name in ["checkpoint.h5.set-aside", "checkpoint.h5.set-aside-2", "checkpoint.h5.set-aside-3"] {
      try train(epochs: 1)
      try Data("torn".utf8).write(to: URL(fileURLWithPath: path(.checkpoint)))
      _ = try resume()
      #expect(try names.contains(name))
    }
  }

  @Test func filesOfAnotherDatabaseAreSetAside() throws {
    let other = try StudyStore(folder: results.path("Other"))
    _ = try other.register(RunStoreSamples.sweep())
    try train(epochs: 3, in: other)
    try FileManager.default.createDirectory(atPath: results.path("Results/runs"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: other.folder(of: run).path, toPath: store.folder(of: run).path)
    let resumption = try resume()
    #expect(resumption.checkpoint == nil)
    #expect(resumption.remarks.count == 3)
    #expect(resumption.remarks.allSatisfy { $0.contains(" belongs to another database; it was set aside as ") })
    #expect(try names.allSatisfy { $0.hasSuffix(".set-aside") })
  }

  /// The database was restored from a copy: the same database, but attempts have been made since that it knows nothing of.
  @Test func filesOfAnAttemptThatTheDatabaseDoesNotKnowAreSetAside() throws {
    try train(epochs: 1)
    let copy = results.path("copy.sqlite")
    try store.pragma("wal_checkpoint(TRUNCATE)")
    try FileManager.default.copyItem(atPath: store.path, toPath: copy)
    try train(epochs: 3)
    try? FileManager.default.removeItem(atPath: store.path + "-wal")
    try? FileManager.default.removeItem(atPath: store.path + "-shm")
    try FileManager.default.removeItem(atPath: store.path)
    try FileManager.default.moveItem(atPath: copy, toPath: store.path)
    let restored = try StudyStore(folder: results.path("Results"))
    let resumption = try resume(in: restored)
    #expect(resumption.checkpoint == nil)
    #expect(resumption.remarks.contains { $0.contains("is of another attempt 2 than the database knows") })
  }

  @Test(arguments: [RunFolder.File.checkpoint, .bestWeights]) func anErasedSealIsFound(file: RunFolder.File) throws {
    try train(epochs: 3)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path(file)))
    bytes.replaceSubrange(0..<512, with: Data(count: 512))
    try bytes.write(to: URL(fileURLWithPath: path(file)))
    #expect(throws: StoreError.damagedFile(path: path(file), problem: "its seal was erased")) {
      _ = try WeightsFile.read(path(file))
    }
    let resumption = try resume()
    #expect(resumption.remarks.contains { $0.contains("does not begin with labrun's seal; it was set aside as ") })
    #expect(try names.contains(file.rawValue + ".set-aside"))
  }

  @Test func olderBestWeightsBesideANewerCheckpointAreNotTaken() throws {
    // Epoch 0 is the best until epoch 2 is better.
    #expect(TrainingLife.bestEpoch(before: 2) == 0 && TrainingLife.bestEpoch(before: 4) == 2)
    try train(epochs: 1)
    let older = try Data(contentsOf: URL(fileURLWithPath: path(.bestWeights)))
    try train(epochs: 4)
    try older.write(to: URL(fileURLWithPath: path(.bestWeights)))
    let resumption = try resume()
    #expect(resumption.checkpoint == nil)
    #expect(
      resumption.remarks.contains {
        $0.contains("speaks of the best weights of epoch 3, and weights-best.h5 is of epoch 1; it was set aside")
      }, "\(resumption.remarks)")
    #expect(try names == ["checkpoint-previous.h5.set-aside", "checkpoint.h5.set-aside", "weights-best.h5.set-aside"])
  }

  @Test func olderBestWeightsAreTakenByTheCheckpointThatTheyGoWith() throws {
    try train(epochs: 2)
    let older = try Data(contentsOf: URL(fileURLWithPath: path(.bestWeights)))
    try train(TrainingLife(checkpointsWithinEpochs: false), epochs: 3)
    try older.write(to: URL(fileURLWithPath: path(.bestWeights)))
    let resumption = try resume()
    #expect(epoch(resumption) == 2)
    #expect(resumption.bestWeights?.contentHash == TrainingLife.weights(epoch: 0).contentHash)
    #expect(resumption.remarks.count == 1)
    #expect(try names == ["checkpoint-previous.h5", "checkpoint.h5.set-aside", "weights-best.h5"])
  }

  @Test func damagedBestWeightsLeaveWhatNeedsNone() throws {
    try train(TrainingLife(checkpointsWithinEpochs: true), epochs: 1)
    try Data("torn".utf8).write(to: URL(fileURLWithPath: path(.bestWeights)))
    // The checkpoint before the last one stands within the first epoch, which has no best weights yet.
    let resumption = try resume()
    #expect(epoch(resumption) == 0)
    #expect(resumption.checkpoint?.progress["stepInEpoch"] == 1)
    #expect(resumption.bestWeights == nil)
    #expect(resumption.remarks.count == 2, "\(resumption.remarks)")
  }

  @Test func otherBestWeightsOfTheSameEpochAreNotTaken() throws {
    try train(epochs: 1)
    var content = try store.folder(of: run).content(of: .bestWeights)
    content.tensors = TrainingLife.weights(epoch: 3)
    try ResultFile.write(content, format: "labrun-weights", to: path(.bestWeights))
    let resumption = try resume()
    #expect(resumption.bestWeights == nil)
    #expect(resumption.remarks.contains { $0.contains("weights-best.h5 holds other weights") })
  }

  /// A process that died between two renames has left one file under both names.
  @Test func aSecondNameOfTheSameCheckpointLeavesNothingBehind() throws {
    try train(epochs: 1)
    try FileManager.default.removeItem(atPath: path(.previousCheckpoint))
    #expect(link(path(.checkpoint), path(.previousCheckpoint)) == 0)
    let last = try resume().checkpoint
    let claimed = try #require(try store.claimed("static", 0, sweep, owner: RunStoreSamples.deadProcess))
    let files = try store.heldFolder(for: claimed.lease)
    try files.write(Checkpoint(parameters: [NamedTensor("w", [1], [1.0 as Float])], progress: ["epoch": 1]))
    #expect(try names == ["checkpoint-previous.h5", "checkpoint.h5", "weights-best.h5"])
    try FileManager.default.removeItem(atPath: path(.checkpoint))
    #expect(try store.folder(of: run).readCheckpoint().checkpoint == last)
  }

  @Test func aRunCompletesOnlyWithTheFilesThatItStored() throws {
    let claimed = try #require(try store.claimed("static", 0, sweep))
    let files = try store.heldFolder(for: claimed.lease)
    try files.write(weights: TrainingLife.weights(epoch: 1), as: .final)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path(.finalWeights)))
    try files.write(weights: TrainingLife.weights(epoch: 2), as: .final)
    try whole.write(to: URL(fileURLWithPath: path(.finalWeights)))
    let replaced = StoreError.misfit(path: path(.finalWeights), problem: "was replaced while the run was trained")
    #expect(throws: replaced) { try store.finish(claimed.lease, .completed(RunStoreSamples.final())) }
    #expect(!replaced.endsSweep)
    try FileManager.default.removeItem(atPath: path(.finalWeights))
    #expect(throws: StoreError.misfit(path: path(.finalWeights), problem: "was removed while the run was trained")) {
      try store.finish(claimed.lease, .completed(RunStoreSamples.final()))
    }
    #expect(try store.run(run)?.state == .running)
    try store.finish(claimed.lease, .failed(reason: "\(replaced)", isRetriable: true))
    #expect(try store.claimed("static", 0, sweep) != nil, "the next sweep tries again")
  }

  @Test(arguments: ["removed", "replaced", "cut short", "of an earlier version"])
  func aCompletedRunWhoseFilesAreLostIsTrainedAgain(how: String) throws {
    var life = TrainingLife()
    life.lastEpoch = nil
    try life.live(in: store, run: run, sweep: sweep)
    #expect(try store.loss(of: run) == nil)
    let claimed = try store.claimed("static", 0, sweep)
    #expect(claimed == nil, "what is whole is not trained again")
    let file = path(.finalWeights)
    var store = store
    switch how {
    case "removed": try FileManager.default.removeItem(atPath: file)
    case "replaced":
      try FileManager.default.removeItem(atPath: file)
      try FileManager.default.copyItem(atPath: path(.bestWeights), toPath: file)
    case "cut short":
      try Data(contentsOf: URL(fileURLWithPath: file)).dropLast().write(to: URL(fileURLWithPath: file))
    default:
      try makeEarlierDatabase()
      store = try StudyStore(folder: results.path("Results"))
      #expect(try store.loss(of: run) == nil)
      try FileManager.default.removeItem(atPath: file)
    }
    let loss = try #require(try store.loss(of: run))
    #expect(loss.hasPrefix(file), "\(loss)")
    let again = try #require(try store.claimed("static", 0, sweep, owner: RunStoreSamples.deadProcess))
    #expect(again.remarks == ["the run counted as completed, but \(loss): it is trained again from what is left"])
    #expect(try store.finalRecord(of: run) == nil)
    try life.live(in: store, run: run, sweep: sweep)
    #expect(try store.loss(of: run) == nil)
    #expect(try store.folder(of: run).readWeights(.finalWeights).contentHash == TrainingLife.finalWeights.contentHash)
  }

  private func makeEarlierDatabase() throws {
    try DatabaseQueue(path: store.path).write { database in
      try database.execute(
        sql: """
          DROP TABLE store; DROP TABLE file; ALTER TABLE attempt DROP COLUMN token;
          ALTER TABLE attempt DROP COLUMN start_step; DELETE FROM grdb_migrations WHERE identifier = 'identity'
          """)
    }
  }

  @Test func aRunWithoutItsCheckpointStaysCompleted() throws {
    var life = TrainingLife()
    life.lastEpoch = nil
    try life.live(in: store, run: run, sweep: sweep)
    try FileManager.default.removeItem(atPath: path(.checkpoint))
    #expect(try store.claimed("static", 0, sweep) == nil)
  }
}
