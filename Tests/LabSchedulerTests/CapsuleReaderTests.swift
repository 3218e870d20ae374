import Foundation
import LabCore
import LabRecords
import LabScheduler
import LabTesting
import Testing

/// Events as a capsule's file has them, whoever wrote it and however far it came.
@Suite struct CapsuleReaderTests {
  /// A capsule in a temporary folder, with lines of events.
  private final class Capsule {
    let folder: CapsuleFolder

    init(_ text: String = "") throws {
      folder = CapsuleFolder(FileManager.default.temporaryDirectory.path + "/capsule-\(UUID().uuidString)")
      try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
      try append(text)
    }

    deinit { try? folder.remove() }

    func append(_ text: String) throws {
      let old = FileManager.default.contents(atPath: folder.eventsPath) ?? Data()
      try (old + Data(text.utf8)).write(to: URL(fileURLWithPath: folder.eventsPath))
    }

    func events() throws -> [CapsuleEvent] {
      var reader = CapsuleReader(folder)
      var events: [CapsuleEvent] = []
      while let event = try reader.next() { events.append(event) }
      return events
    }
  }

  private static let date = Date(timeIntervalSince1970: 1_700_000_000.25)

  /// Every kind of event.
  private static var contents: [CapsuleEvent.Content] {
    var epoch = RunStoreSamples.epoch(1)
    epoch.metrics["train_loss"] = .nan
    epoch.metrics["learning_rate"] = .infinity
    epoch.metrics["test_loss"] = -.infinity
    let file = CapsuleFile(kind: .predictions, name: "predictions-1-2.h5", sha256: "ab", bytes: 12)
    return [
      .start(RunStoreSamples.provenance(), epoch: 0, step: 0),
      .progress(
        RunProgress(epoch: 0, epochs: 4, step: 1, stepsPerEpoch: 9, loss: .nan, imagesPerSecond: 3, activity: nil)),
      .epoch(epoch), .artifact([file]), .log(.warning, "NaN, \"Infinity\" and\nanother line"), .remark("look here"),
      .final(.completed(RunStoreSamples.final()), epochs: 4), .final(.interrupted(reason: "stopped"), epochs: 1),
      .final(.diverged(reason: "loss is nan"), epochs: 1),
      .final(.failed(reason: "no memory", isRetriable: true), epochs: 0),
      .unknown(["seq": 11, "at": "2023-11-14T22:13:20.250Z", "event": "weather", "metrics": ["rain": 0.5]]),
    ]
  }

  @Test func whatIsWrittenIsRead() throws {
    let capsule = try Capsule()
    let writer = try CapsuleWriter(capsule.folder)
    for content in Self.contents { try writer.append(content) }
    let events = try capsule.events()
    #expect(events.map(\.sequence) == Array(1...Self.contents.count))
    // NaN equals nothing, so that the text of what was read is compared.
    func text(_ content: CapsuleEvent.Content) throws -> String {
      let event = CapsuleEvent(sequence: 1, date: Self.date, content: content)
      return String(decoding: try CapsuleCoding.encoder.encode(event), as: UTF8.self)
    }
    #expect(try events.map { try text($0.content) } == Self.contents.map(text))
  }

  /// Members are in snake case, but for what a user has named.
  @Test func namesAreThoseOfThePage() throws {
    var provenance = RunStoreSamples.provenance()
    provenance.configuration = ["timing": ["trainSeconds": 1], "record": ["bestEpoch": ["dataHash": 2]], "isDirty": 3]
    provenance.choices = ["specHash": "x"]
    let events = [
      CapsuleEvent.Content.start(provenance, epoch: 0, step: 0), .epoch(RunStoreSamples.epoch(0)),
      .refusal(.init(description: "no room", endsSweep: true)), .final(.completed(RunStoreSamples.final()), epochs: 1),
    ]
    for (index, content) in events.enumerated() {
      let event = CapsuleEvent(sequence: index + 1, date: Date(timeIntervalSince1970: 1_700_000_000), content: content)
      let line = try CapsuleCoding.encoder.encode(event)
      #expect(try CapsuleCoding.decoder.decode(CapsuleEvent.self, from: line) == event)
      let json = try JSONDecoder().decode(JSONValue.self, from: line)
      let inner = (json["provenance"] ?? json["timing"] ?? json["record"])?.objectValue ?? [:]
      let names = Array(inner.keys) + Array(inner["repository"]?.objectValue?.keys ?? [:].keys)
      #expect(names.allSatisfy { !$0.contains(where: \.isUppercase) }, "\(names)")
      guard index == 0 else { continue }
      #expect(inner["configuration"] == provenance.configuration && inner["choices"]?["specHash"] == "x")
      #expect(inner["data_hash"]?.stringValue == provenance.dataHash.hexadecimal)
    }
  }

  @Test func nonFiniteNumbersOfPythonAreRead() throws {
    let capsule = try Capsule(
      #"{"seq": 1, "at": "2026-01-31T12:00:00Z", "event": "epoch", "epoch": 0, "metrics": "#
        + #"{"a": NaN, "b": Infinity, "c":-Infinity, "d": "nan", "NaN": 1}}"# + "\n"
        + #"{"seq": 2, "at": "2026-01-31T12:00:00Z", "event": "log", "message": "NaN \" Infinity \\"}"# + "\n")
    let events = try capsule.events()
    guard case .epoch(let epoch) = events[0].content, case .log(.note, let message) = events[1].content else {
      Issue.record("\(events)")
      return
    }
    #expect(epoch.metrics["a"]?.isNaN == true && epoch.metrics["d"]?.isNaN == true)
    #expect(epoch.metrics["b"] == .infinity && epoch.metrics["c"] == -.infinity && epoch.metrics["NaN"] == 1)
    #expect(message == #"NaN " Infinity \"#)
  }

  private func line(_ sequence: Int, _ message: String = "hello") -> String {
    #"{"seq": \#(sequence), "at": "2026-01-31T12:00:00.000Z", "event": "log", "message": "\#(message)"}"# + "\n"
  }

  @Test func aLineWithoutItsEndIsNotAnEventYet() throws {
    let whole = line(1) + line(2)
    for length in 0..<whole.utf8.count {
      let capsule = try Capsule(String(whole.utf8.prefix(length)) ?? "")
      #expect(try capsule.events().count == (length < line(1).utf8.count ? 0 : 1))
    }
    // It becomes one when the rest comes, for a reader that has seen its beginning.
    let capsule = try Capsule(String(whole.dropLast(20)))
    var reader = CapsuleReader(capsule.folder)
    #expect(try reader.next()?.sequence == 1)
    #expect(try reader.next() == nil)
    try capsule.append(String(whole.suffix(20)) + line(3))
    #expect(try [reader.next()?.sequence, reader.next()?.sequence, reader.next()?.sequence] == [2, 3, nil])
  }

  @Test func aLineTwiceCountsOnce() throws {
    let capsule = try Capsule(line(1) + line(1, "again") + line(2) + line(1) + line(3))
    #expect(try capsule.events().map(\.sequence) == [1, 2, 3])
    guard case .log(_, "hello") = try capsule.events()[0].content else {
      Issue.record("the second line counted")
      return
    }
  }

  @Test func aWriterGoesOnBehindTheLastWholeLine() throws {
    let capsule = try Capsule(line(1) + line(2) + String(line(3).dropLast(5)))
    try CapsuleWriter(capsule.folder).append(.remark("third"))
    let events = try capsule.events()
    #expect(events.map(\.sequence) == [1, 2, 3] && events[2].content == .remark("third"))
  }

  @Test(arguments: [
    ("what is this\n", "line 2: "),
    (
      #"{"seq": "two", "at": "2026-01-31T12:00:00Z", "event": "log", "message": ""}"# + "\n",
      "line 2: \"seq\": expected Int"
    ),
    (#"{"at": "2026-01-31T12:00:00Z", "event": "log", "message": ""}"# + "\n", "line 2: \"seq\": the key is missing"),
    (
      #"{"seq": 2, "at": "yesterday", "event": "log", "message": ""}"# + "\n",
      "line 2: \"at\": \"yesterday\" is no date such as"
    ),
    (
      #"{"seq": 2, "at": "2026-01-31T12:00:00Z", "event": "epoch", "epoch": 0}"# + "\n",
      "line 2: \"metrics\": the key is missing"
    ),
    (
      #"{"seq": 2, "at": "2026-01-31T12:00:00Z", "event": "final", "epochs": 0, "outcome": "running"}"# + "\n",
      "line 2: \"outcome\": expected completed, interrupted, diverged or failed"
    ),
    (
      #"{"seq": 4, "at": "2026-01-31T12:00:00Z", "event": "remark", "message": "x"}"# + "\n",
      "line 2: event 4 follows event 1: some are missing between them"
    ),
    ("\u{0}\u{1}\n", "line 2: "), ("[]\n", "line 2: "), ("\n", "line 2: "),
  ])
  func whatIsNoEventIsNamedByItsLine(text: String, message: String) throws {
    let capsule = try Capsule(line(1) + text + line(2))
    var reader = CapsuleReader(capsule.folder)
    #expect(try reader.next()?.sequence == 1)
    let error = #expect(throws: CapsuleError.self) { try reader.next() }
    let description = try #require(error).description
    #expect(description.hasPrefix("\(capsule.folder.eventsPath), ") && description.contains(message), "\(description)")
    #expect(!description.contains("\n"))
  }

  @Test func aLineWithoutEndIsRefusedBeforeItFillsTheMemory() throws {
    let capsule = try Capsule(line(1))
    let handle = try #require(FileHandle(forWritingAtPath: capsule.folder.eventsPath))
    try handle.seekToEnd()
    let piece = Data(repeating: UInt8(ascii: "x"), count: 1 << 20)
    for _ in 0..<34 { try handle.write(contentsOf: piece) }
    var reader = CapsuleReader(capsule.folder)
    #expect(try reader.next()?.sequence == 1)
    let error = #expect(throws: CapsuleError.self) { try reader.next() }
    #expect(error?.description.hasSuffix("line 2: the line is longer than 32 MB") == true)
  }
}
