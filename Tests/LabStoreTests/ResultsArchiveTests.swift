import Foundation
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Results in tar archives.
@Suite struct ResultsArchiveTests {
  private let folder = TestFolder()

  private func run(_ level: String, _ seed: UInt64) -> RunIdentity {
    RunStoreSamples.run(level: level, seed: seed).identity
  }

  /// Results of two sweeps, with a completed and an interrupted run each.
  private func results() throws -> StudyStore {
    let store = try StudyStore(folder: folder.path("Results"))
    for name in ["ablation", "other"] {
      let sweep = try store.register(RunStoreSamples.sweep(name: name, data: name)).id
      for (seed, epochs) in [(0, nil), (1, 2)] as [(UInt64, Int?)] {
        var life = TrainingLife()
        life.lastEpoch = epochs
        try life.live(
          in: store, run: RunStoreSamples.run(level: "static", seed: seed, data: name).identity, sweep: sweep)
      }
    }
    return store
  }

  private func read(_ path: String) throws -> MergeReport {
    try ResultsArchive.read(path, beside: folder.path("here")) { store in
      var merge = try StoreMerge(
        store, into: StudyStore(folder: folder.path("here")), named: "archive", copying: .links)
      try merge.run()
      return merge.report
    }
  }

  private var leftovers: [String] { folder.files.filter { $0.contains(".tmp-") } }

  @discardableResult
  private func tar(_ arguments: String..., in place: String? = nil) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["tar"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: place ?? folder.path)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  @Test func aSweepTravelsInAnArchive() throws {
    let store = try results()
    let path = folder.path("ablation.tar")
    let written = try ResultsArchive.write([1], of: store, to: path)
    #expect(written.taken == [.completed: 1, .interrupted: 1] && written.newSweeps == ["ablation"])
    #expect(leftovers == [])
    let first = try Data(contentsOf: URL(fileURLWithPath: path))

    let report = try read(path)
    #expect(report.taken == written.taken && report.damaged == [] && report.notes == [])
    let here = try StudyStore(folder: folder.path("here"))
    #expect(try here.sweeps().map(\.name) == ["ablation"])
    for seed in [0, 1] as [UInt64] {
      let run = RunStoreSamples.run(level: "static", seed: seed, data: "ablation").identity
      #expect(try here.run(run) == store.run(run) && here.epochs(of: run) == store.epochs(of: run))
      let names = try FileManager.default.contentsOfDirectory(atPath: store.folder(of: run).path).sorted()
      let kept = names.filter { seed == 1 || $0 != "checkpoint.h5" }
      #expect(try FileManager.default.contentsOfDirectory(atPath: here.folder(of: run).path).sorted() == kept)
    }
    #expect(try StoreExamination(here).problems.isEmpty)
    #expect(try read(path).isEmpty && leftovers == [])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == first)
  }

  /// Any tar reads it, and what any tar has made of a results folder is read.
  @Test func othersReadAndWriteArchives() throws {
    let store = try results()
    let path = folder.path("ablation.tar")
    _ = try ResultsArchive.write([1], of: store, to: path)
    let place = folder.path("unpacked")
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    #expect(try tar("-xf", path, in: place) == 0)
    let unpacked = try StudyStore(reading: place)
    #expect(try StoreExamination(unpacked).problems.isEmpty && unpacked.sweeps().count == 1)

    for format in ["gnu", "ustar", "posix"] {
      #expect(try tar("--format=\(format)", "-cf", "\(format).tar", "Results") == 0)
      let found = try ResultsArchive.read(folder.path("\(format).tar"), beside: folder.path("new")) { store in
        try (store.sweeps().map(\.name).sorted(), StoreExamination(store).problems.map(\.text))
      }
      #expect(found.0 == ["ablation", "other"] && found.1 == [])
    }
  }

  @Test func headersAreThoseOfTheStandard() throws {
    for count in [0, 511, 1 << 33 - 1, 1 << 33, 1 << 40] {
      let block = TarHeader(path: "runs/0123456789ab/checkpoint.h5", kind: .file, byteCount: count).block
      let read = try #require(try TarHeader(block))
      #expect(read.byteCount == count && read.path == "runs/0123456789ab/checkpoint.h5" && read.kind == .file)
    }
    #expect(try TarHeader(Data(count: 512)) == nil)
  }

  /// An archive of members with any headers.
  private func archive(_ members: [(path: String, kind: UInt8, content: String)], ends: Bool = true) throws -> String {
    var data = Data()
    for member in members {
      var block = [UInt8](
        TarHeader(path: member.path, kind: .file, byteCount: member.content.utf8.count).block)
      block[156] = member.kind
      let sum = block.enumerated().reduce(0) { $0 + (148..<156 ~= $1.offset ? 32 : Int($1.element)) }
      let digits = String(sum, radix: 8)
      for (index, byte) in (String(repeating: "0", count: 6 - digits.count) + digits + "\u{0} ").utf8.enumerated() {
        block[148 + index] = byte
      }
      data += block + member.content.utf8 + Data(count: (512 - member.content.utf8.count % 512) % 512)
    }
    let path = folder.path("bad.tar")
    try (data + Data(count: ends ? 1024 : 0)).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test(arguments: [
    ("../labrun.sqlite", 0x30, "../labrun.sqlite lies outside of the folder that it is unpacked into"),
    ("runs/../../x", 0x30, "runs/../../x lies outside of the folder that it is unpacked into"),
    ("/etc/x", 0x30, "/etc/x lies outside of the folder that it is unpacked into"),
    ("runs", 0x32, "runs is a link"), ("runs", 0x31, "runs is a link"),
    ("runs", 0x36, "runs is neither a file nor a folder"),
    ("notes.txt", 0x30, "it holds no labrun.sqlite, and so no results"),
  ])
  func membersThatAreNoResultsAreRefused(member: String, kind: UInt8, problem: String) throws {
    let path = try archive([(member, kind, "content")])
    #expect(throws: StoreError.unsupportedFile(path: path, problem: problem)) { try read(path) }
    #expect(leftovers == [] && !folder.files.contains { $0.hasSuffix("/x") })
  }

  /// A link that an earlier member has made cannot be followed, and a path of attributes is looked at like any other.
  @Test func attributesLeadNowhereElse() throws {
    // The number counts itself, too.
    let line = "29 path=../outside/victim.h5\n"
    #expect(line.utf8.count == 29)
    let path = try archive([("PaxHeaders/x", 0x78, line), ("x", 0x30, "content")])
    let error = #expect(throws: StoreError.self) { try read(path) }
    #expect(error.map { "\($0)".contains("../outside/victim.h5 lies outside") } == true, "\(String(describing: error))")
    let twice = try archive([("x", 0x30, "one"), ("x", 0x30, "two")])
    #expect(throws: StoreError.unsupportedFile(path: twice, problem: "it has the file x twice")) { try read(twice) }
  }

  @Test func tornArchivesAreRefused() throws {
    let store = try results()
    let path = folder.path("ablation.tar")
    _ = try ResultsArchive.write([1], of: store, to: path)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for count in [1100, whole.count / 2, whole.count - 1024, whole.count - 5000] {
      try whole.prefix(count).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: StoreError.self) { try read(path) }
      #expect(error.map { "\($0)".contains("is damaged: it is cut off") } == true, "\(String(describing: error))")
    }
    // A byte of a header.
    var damaged = whole
    let second =
      512 + (Int(String(decoding: whole[124..<135], as: UTF8.self), radix: 8).map { ($0 + 511) / 512 * 512 } ?? 0)
    damaged[second + 3] ^= 1
    try damaged.write(to: URL(fileURLWithPath: path))
    #expect(
      throws: StoreError.damagedFile(path: path, problem: "a header has another sum than it says")
    ) { try read(path) }
    for text in ["", "no archive", String(repeating: "no archive", count: 200)] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: StoreError.unsupportedFile(path: path, problem: "it is no tar archive")) { try read(path) }
    }
    #expect(leftovers == [])
    // A byte of a file's content is found by its seal.
    var content = whole
    content[whole.count - 1024 - 600] ^= 1
    try content.write(to: URL(fileURLWithPath: path))
    #expect(try read(path).damaged.count == 1)
  }

  @Test func anArchiveThatCannotBeWrittenLeavesNothing() throws {
    let store = try results()
    let path = folder.path("nowhere/ablation.tar")
    #expect(throws: FileError.self) { _ = try ResultsArchive.write([1], of: store, to: path) }
    #expect(leftovers == [])
  }
}
