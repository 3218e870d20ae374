import Foundation
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

/// A results folder whose parts are of different times: processes die at random calls of the store, and in between some
/// files, the database or both are put back to what they were at some earlier time, or are lost.
@Suite struct RestoredCopyTests {
  private let run = RunStoreSamples.run(level: "static", seed: 0).identity

  @Test(arguments: 0..<60) func endsInTheResultsOfAnUndisturbedRun(trial: Int) throws {
    let folder = TestFolder()
    let results = folder.path("Results")
    let random = RandomStream(seed: UInt64(trial), name: "restored copies")
    var draws: UInt64 = 0
    func below(_ bound: Int) -> Int {
      draws += 1
      return random.integer(below: bound, draws)
    }
    let runFolder = "runs/\(run.short)"
    let names = RunFolder.File.allCases.map { "\(runFolder)/\($0.rawValue)" } + [StudyStore.databaseName]
    var history: [[String: Data]] = []
    var remarks: [String] = []
    for _ in 0..<(3 + below(4)) {
      try autoreleasing {
        let store = try StudyStore(folder: results)
        let sweep = try store.register(RunStoreSamples.sweep()).id
        var life = TrainingLife(checkpointsWithinEpochs: below(2) == 0, lastCall: 1 + below(24))
        try life.live(in: store, run: run, sweep: sweep)
        remarks += life.remarks
        try store.pragma("wal_checkpoint(TRUNCATE)")
      }
      history.append(
        Dictionary(
          uniqueKeysWithValues: names.compactMap { name in
            FileManager.default.contents(atPath: "\(results)/\(name)").map { (name, $0) }
          }))
      for _ in 0..<below(3) {
        let name = names[below(names.count)]
        let path = "\(results)/\(name)"
        let past = history[below(history.count)][name]
        if name == StudyStore.databaseName {
          guard let past else { continue }
          for end in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + end) }
          try past.write(to: URL(fileURLWithPath: path))
        } else if let past {
          try past.write(to: URL(fileURLWithPath: path))
        } else {
          try? FileManager.default.removeItem(atPath: path)
        }
      }
    }
    let store = try StudyStore(folder: results)
    let sweep = try store.register(RunStoreSamples.sweep()).id
    // A run that finds at its end that something does not fit may need a second attempt, and no more.
    for _ in 0..<2 where try store.run(run)?.state != .completed || store.loss(of: run) != nil {
      var life = TrainingLife()
      try life.live(in: store, run: run, sweep: sweep)
      remarks += life.remarks
    }
    #expect(try store.run(run)?.state == .completed)
    #expect(try store.loss(of: run) == nil)
    #expect(try store.epochs(of: run) == (0..<TrainingLife.epochs).map { RunStoreSamples.epoch($0) })
    let files = store.folder(of: run)
    let best = TrainingLife.weights(epoch: TrainingLife.bestEpoch(before: TrainingLife.epochs))
    #expect(try files.readWeights(.finalWeights).contentHash == TrainingLife.finalWeights.contentHash)
    #expect(try files.readWeights(.bestWeights) == best)
    #expect(
      try store.finalRecord(of: run)?.metrics["first_weight"] == best[0].floats.map { Double($0[0]) },
      "evaluated are the best weights: \(remarks)")
    let examination = try StoreExamination(store)
    // A completed run needs no checkpoint, and a copy that was put back beside it is not looked at again.
    let problems = examination.problems.filter { $0.severity == .problem && !$0.path.contains("/checkpoint") }
    #expect(problems == [])
  }

  private func autoreleasing(_ body: () throws -> Void) throws { try body() }
}
