import Foundation
import LabCore
import LabRecords
import LabScheduler
import LabTesting
import Testing

/// What a capsule tells is taken into a store once, whoever does it and however often.
@Suite struct CapsuleIngestionTests {
  /// A claimed run and a capsule for it.
  private struct Subject {
    let store = InMemoryRunStore()
    private let sweep: Int64
    private(set) var claimed: ClaimedRun
    let folder: CapsuleFolder

    init() throws {
      sweep = try store.register(RunStoreSamples.sweep()).id
      claimed = try Self.claim(store, sweep)
      folder = CapsuleFolder(FileManager.default.temporaryDirectory.path + "/capsule-\(UUID().uuidString)")
      try folder.create(CapsuleRun(claimed, threads: 1, resumption: .init(), engine: nil))
    }

    private static func claim(_ store: InMemoryRunStore, _ sweep: Int64) throws -> ClaimedRun {
      let result = try store.claim(
        RunStoreSamples.run(level: "static", seed: 0).identity, sweep: sweep, owner: .current, policy: .unfinished)
      guard case .claimed(let claimed) = result else { throw CocoaError(.featureUnsupported) }
      return claimed
    }

    /// Begins the next attempt.
    mutating func claimAgain() throws {
      try store.finish(claimed.lease, .interrupted(reason: "stopped"))
      claimed = try Self.claim(store, sweep)
    }

    func ingestion() throws -> CapsuleIngestion {
      try CapsuleIngestion(
        folder, attempt: claimed.lease.attempt, into: store, lease: claimed.lease,
        files: store.files(of: claimed.lease))
    }

    /// A file of the capsule with some bytes.
    func file(_ kind: CapsuleFile.Kind, _ name: String, _ text: String) throws -> CapsuleFile {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
      return CapsuleFile(kind: kind, name: name, sha256: ContentHash(of: text).hexadecimal, bytes: text.utf8.count)
    }
  }

  private static let final = CapsuleEvent.Content.final(.completed(RunStoreSamples.final()), epochs: 3)

  private func write(_ subject: Subject) throws {
    let writer = try CapsuleWriter(subject.folder)
    try writer.append(.start(RunStoreSamples.provenance(), epoch: 0, step: 0))
    for epoch in 0..<3 {
      try writer.append(.progress(RunProgress(epoch: epoch, epochs: 3, step: 1, stepsPerEpoch: 1)))
      try writer.append(.epoch(RunStoreSamples.epoch(epoch)))
      try writer.append(.log(.note, "epoch \(epoch)"))
    }
    try writer.append(.unknown(["seq": 11, "at": "2026-01-31T12:00:00Z", "event": "weather", "rain": 0.5]))
    try writer.append(Self.final)
  }

  private func expectWhole(_ subject: Subject) throws {
    let run = subject.claimed.lease.run
    #expect(try subject.store.epochs(of: run) == (0..<3).map { RunStoreSamples.epoch($0) })
    let notes = try subject.store.events(of: run).filter { $0.kind == .note }.map(\.message)
    #expect(notes.count == 4 && notes.prefix(3) == ["epoch 0", "epoch 1", "epoch 2"])
    #expect(notes.last?.hasPrefix("an event that this version does not know: {") == true, "\(notes)")
    #expect(notes.last?.contains("\"weather\"") == true)
    #expect(try subject.store.attempts(at: run).last?.provenance == RunStoreSamples.provenance())
  }

  @Test func whatIsToldIsThereOnceHoweverOftenItIsTakenIn() throws {
    let subject = try Subject()
    defer { try? subject.folder.remove() }
    try write(subject)
    var progress: [RunProgress] = []
    var first = try subject.ingestion()
    try first.advance(progress: { progress.append($0) })
    #expect(progress.map(\.epoch) == [2])
    try first.advance()
    for _ in 0..<3 {
      var again = try subject.ingestion()
      try again.advance()
      // Who comes later is told the end again.
      #expect(again.end?.outcome == .completed(RunStoreSamples.final()) && again.end?.epochs == 3)
    }
    try expectWhole(subject)
  }

  /// Whoever dies after any event, the next one goes on behind it.
  @Test func itCanBeLeftAfterAnyByte() throws {
    let template = try Subject()
    defer { try? template.folder.remove() }
    try write(template)
    let text = try #require(FileManager.default.contents(atPath: template.folder.eventsPath))
    for step in [1, 97, 400, 1500] {
      let subject = try Subject()
      defer { try? subject.folder.remove() }
      for length in stride(from: 0, to: text.count, by: step) {
        try text.prefix(length).write(to: URL(fileURLWithPath: subject.folder.eventsPath))
        // Every process begins anew.
        if step > 1 || length % 50 == 0 {
          var ingestion = try subject.ingestion()
          try ingestion.advance()
        }
      }
      try text.write(to: URL(fileURLWithPath: subject.folder.eventsPath))
      var last = try subject.ingestion()
      try last.advance()
      #expect(last.end != nil)
      try expectWhole(subject)
    }
  }

  /// The next attempt takes over what an earlier one has left, and the earlier one's process can no longer.
  @Test func twoProcessesTakeNothingInTwice() throws {
    var subject = try Subject()
    defer { try? subject.folder.remove() }
    try write(subject)
    let lines = try #require(FileManager.default.contents(atPath: subject.folder.eventsPath))
      .split(separator: UInt8(ascii: "\n"))
    try Data(lines[0..<4].joined(separator: [10]) + [10]).write(to: URL(fileURLWithPath: subject.folder.eventsPath))
    var first = try subject.ingestion()
    try first.advance()
    try Data(lines.joined(separator: [10]) + [10]).write(to: URL(fileURLWithPath: subject.folder.eventsPath))
    let old = subject.claimed.lease
    try subject.claimAgain()
    #expect(throws: RunStoreError.leaseLost(old)) { try first.advance() }
    var second = try CapsuleIngestion(
      subject.folder, attempt: old.attempt, into: subject.store, lease: subject.claimed.lease,
      files: subject.store.files(of: subject.claimed.lease))
    try second.advance()
    let run = old.run
    #expect(try subject.store.epochs(of: run) == (0..<3).map { RunStoreSamples.epoch($0) })
    #expect(try subject.store.events(of: run).filter { $0.kind == .note }.map(\.attempt) == [1, 1, 1, 1])
    #expect(try subject.store.attempts(at: run).map { $0.provenance == nil } == [false, true])
  }

  @Test func filesAreTakenOverWithTheirEvent() throws {
    let subject = try Subject()
    defer { try? subject.folder.remove() }
    let writer = try CapsuleWriter(subject.folder)
    let weights = [
      try subject.file(.finalWeights, "final_weights-1-1.h5", "weights"),
      try subject.file(.predictions, "predictions-1-1.h5", "predictions"),
    ]
    try writer.append(.artifact(weights))
    var ingestion = try subject.ingestion()
    try ingestion.advance()
    for file in weights { #expect(access("\(subject.folder.path)/\(file.name)", F_OK) != 0) }
    // The same again, from the beginning.
    var again = try subject.ingestion()
    try again.advance()
    #expect(
      try subject.store.capsulePosition(ofAttempt: 1, lease: subject.claimed.lease).sequence == 1)
  }

  @Test func aFileThatIsNamedAndMissingIsAnError() throws {
    let subject = try Subject()
    defer { try? subject.folder.remove() }
    try CapsuleWriter(subject.folder).append(
      .artifact([CapsuleFile(kind: .finalWeights, name: "final_weights-1-1.h5", sha256: "ab", bytes: 3)]))
    var ingestion = try subject.ingestion()
    #expect(throws: (any Error).self) { try ingestion.advance() }
    #expect(try subject.store.capsulePosition(ofAttempt: 1, lease: subject.claimed.lease).sequence == 0)
  }

  /// What stands before a line that is no event was told, and counts.
  @Test func whatStandsBeforeGarbageCounts() throws {
    let subject = try Subject()
    defer { try? subject.folder.remove() }
    try write(subject)
    let whole = try #require(FileManager.default.contents(atPath: subject.folder.eventsPath))
    let lines = whole.split(separator: UInt8(ascii: "\n"))
    let broken = Data(lines[0..<3].joined(separator: [10])) + Data("\ngarbage\n".utf8)
    try broken.write(to: URL(fileURLWithPath: subject.folder.eventsPath))
    var ingestion = try subject.ingestion()
    let error = #expect(throws: CapsuleError.self) { try ingestion.advance() }
    #expect(error?.description.contains("line 4") == true)
    #expect(try subject.store.epochs(of: subject.claimed.lease.run) == [RunStoreSamples.epoch(0)])
  }

  @Test func aLostLeaseIngestsNothing() throws {
    let subject = try Subject()
    defer { try? subject.folder.remove() }
    try write(subject)
    try subject.store.finish(subject.claimed.lease, .interrupted(reason: "stopped"))
    #expect(throws: RunStoreError.leaseLost(subject.claimed.lease)) { _ = try subject.ingestion() }
    #expect(try subject.store.epochs(of: subject.claimed.lease.run).isEmpty)
  }
}
