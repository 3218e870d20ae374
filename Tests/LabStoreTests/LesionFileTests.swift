import Foundation
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

/// Lesions are kept beside the run that they are of.
@Suite struct LesionFileTests {
  private let folder = TestFolder()
  private let store: StudyStore
  private let run = RunStoreSamples.run(level: "static", seed: 0).identity

  init() throws {
    store = try StudyStore(folder: folder.path("Results"))
    let sweep = try store.register(RunStoreSamples.sweep()).id
    var life = TrainingLife()
    try life.live(in: store, run: run, sweep: sweep)
  }

  private func predictions(_ parts: [String], images: Int = 3, seed: UInt64 = 0) -> LesionPredictions {
    LesionPredictions(
      setting: .init(
        program: "1", weights: .final, weightsHash: ContentHash(of: "weights"), dataHash: ContentHash(of: "data"),
        split: "test", imageCount: images, sampleLimit: 8, drawSeed: seed),
      labels: (0..<images).map { Int32($0 % 2) }, classNames: ["stop", "yield"],
      intact: [Int32](repeating: 1, count: images),
      rows: parts.map { part in
        .init(
          .init(key: ContentHash(of: part), part: part, layer: "conv1", replacement: "mean"),
          classes: (0..<images).map { Int32((part.count + $0) % 2) })
      })
  }

  @Test func whatIsAddedIsThere() throws {
    let files = store.folder(of: run)
    #expect(try files.readLesions().found.isEmpty)
    try files.add(predictions(["a", "bb"]))
    try files.add(predictions(["ccc", "a"]))
    let all = try #require(try files.readLesions(of: predictions([]).setting))
    #expect(all == predictions(["a", "bb", "ccc"]))
    // Another draw is another setting, and has a file of its own.
    try files.add(predictions(["a"], seed: 1))
    let (found, problems) = try files.readLesions()
    #expect(found.count == 2 && problems.isEmpty)
    #expect(try StoreExamination(store).problems == [])
  }

  @Test func everybodysLesionsAreKept() async throws {
    let files = store.folder(of: run)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<8 {
        let own = predictions([String(repeating: "x", count: index + 1)])
        group.addTask { try files.add(own) }
      }
      try await group.waitForAll()
    }
    #expect(try files.readLesions().found.map(\.rows.count) == [8])
  }

  @Test func otherFilesAreTold() throws {
    let files = store.folder(of: run)
    try files.add(predictions(["a"]))
    let path = files.lesionPath(of: predictions([]).setting)
    let other = store.folder(of: RunStoreSamples.run(level: "static", seed: 1).identity)
    try FileManager.default.createDirectory(atPath: other.path, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: path, toPath: other.lesionPath(of: predictions([]).setting))
    #expect(try other.readLesions().problems.count == 1)
    #expect(throws: StoreError.self) { try other.readLesions(of: predictions([]).setting) }

    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    let (found, problems) = try files.readLesions()
    #expect(found.isEmpty && problems.count == 1)
    // What is damaged is not written over.
    #expect(throws: StoreError.self) { try files.add(predictions(["bb"])) }
    let examination = try StoreExamination(store).problems
    #expect(examination.contains { $0.path == path && $0.remedy.contains("labrun lesion") })
  }
}
