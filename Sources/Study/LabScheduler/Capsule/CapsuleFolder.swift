import Foundation
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folder in which one process tells another what to train, and is told what came of it.
///
/// `run.json` goes in; `events.jsonl` and files come out. `Documentation/Capsules.md` is the contract.
public struct CapsuleFolder: Sendable, Hashable {
  /// The folder.
  public let path: String

  /// Names a folder, which need not exist.
  public init(_ path: String) { self.path = path }

  /// What the capsule asks for.
  public var runPath: String { "\(path)/run.json" }
  /// What has happened.
  public var eventsPath: String { "\(path)/events.jsonl" }
  /// What a program reports.
  public var reportsPath: String { "\(path)/reports.jsonl" }
  /// The parameters of a program, for those that read a file of them.
  public var parametersPath: String { "\(path)/parameters.json" }
  /// What the program printed.
  public var outputPath: String { "\(path)/output.txt" }
  /// The process that trains, as it said at its start.
  var processPath: String { "\(path)/process.json" }

  /// Makes the folder, with what it asks for.
  ///
  /// - Throws: `FileError`.
  public func create(_ run: CapsuleRun) throws {
    try AtomicFile.createFolder(path)
    try AtomicFile.write(try CapsuleCoding.encoder.encode(run), to: runPath)
  }

  /// Reads what the capsule asks for.
  ///
  /// - Throws: `FileError` where it cannot be read, ``CapsuleError`` where it is something else.
  public func run() throws -> CapsuleRun {
    let file = try SizedFile(runPath)
    let data = try file.bytes(at: 0, count: file.byteCount)
    do {
      let run = try CapsuleCoding.decoder.decode(CapsuleRun.self, from: data)
      guard run.version == CapsuleRun.currentVersion else {
        throw CapsuleError.version(path: runPath, found: run.version)
      }
      return run
    } catch let error as DecodingError {
      throw CapsuleError.content(path: runPath, problem: error.capsuleProblem)
    }
  }

  /// Notes the calling process as the one that trains.
  ///
  /// - Throws: `FileError`.
  public func noteProcess() throws {
    try AtomicFile.write(try CapsuleCoding.encoder.encode(ProcessIdentity.current), to: processPath)
  }

  /// Whether the process that trains is known to live.
  public var isAlive: Bool {
    guard let data = FileManager.default.contents(atPath: processPath),
      let process = try? CapsuleCoding.decoder.decode(ProcessIdentity.self, from: data)
    else { return false }
    return process.liveness == .alive
  }

  /// Ends what is left of a program whose supervisor was killed: its processes name the capsule in their environment.
  ///
  /// Only Linux tells the environment of others; elsewhere a program ends by itself, or by the client when its parent is gone.
  func endRest() {
    #if os(Linux)
      let mark = Data("LABRUN_CAPSULE=\(path)\0".utf8)
      for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
        guard let process = pid_t(name), process != getpid(),
          FileManager.default.contents(atPath: "/proc/\(name)/environ")?.range(of: mark) != nil
        else { continue }
        kill(process, SIGKILL)
      }
    #endif
  }

  /// Removes the folder with everything in it.
  ///
  /// A process on another machine may not know yet that nobody wants it any more: for it, the folder is gone at once.
  ///
  /// - Throws: `FileError`.
  public func remove() throws {
    let doomed = "\(path).gone"
    guard access(path, F_OK) == 0 || access(doomed, F_OK) == 0 else { return }
    if access(path, F_OK) == 0, rename(path, doomed) != 0 {
      // Something of an earlier removal is in the way.
      try CapsuleFolder.removeAll(doomed)
      guard rename(path, doomed) == 0 else { throw FileError(action: "remove the folder", path: path) }
    }
    try CapsuleFolder.removeAll(doomed)
  }

  private static func removeAll(_ path: String) throws {
    for attempt in 0... {
      do { return try FileManager.default.removeItem(atPath: path) } catch {
        if access(path, F_OK) != 0 { return }
        // What was open there may have been written once more.
        guard attempt < 50 else {
          throw FileError(action: "remove the folder", path: path, code: error.systemErrorCode ?? ENOTEMPTY)
        }
        usleep(20_000)
      }
    }
  }

  /// The last lines that the program printed, without empty ones.
  public func lastLines(_ count: Int) -> [String] { TextTail.lines(count, of: outputPath) }
}

/// The capsules of a results folder, a folder for each attempt at a run.
public struct CapsuleShelf: Sendable, Hashable {
  /// The folder that capsules lie in.
  public let path: String

  /// The capsules of a results folder.
  public init(results: String) { path = "\(results)/capsules" }

  /// The capsule of an attempt.
  public func capsule(of lease: RunLease) -> CapsuleFolder { capsule(of: lease.run, attempt: lease.attempt) }

  /// The capsule of an attempt at a run.
  func capsule(of run: RunIdentity, attempt: Int) -> CapsuleFolder { CapsuleFolder("\(path)/\(run.short)-\(attempt)") }

  /// The first digits of the runs that a cluster was given, which it may be training.
  public func runsElsewhere() -> Set<String> { Set(placesElsewhere().map(\.run)) }

  /// Where capsules are in Slurm, with the first digits of their runs.
  func placesElsewhere() -> [(run: String, place: SlurmPlace)] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).compactMap { name in
      guard !name.hasSuffix(".gone"), let place = CapsuleFolder("\(path)/\(name)").slurmPlace,
        let run = name.split(separator: "-").first
      else { return nil }
      return (String(run), place)
    }
  }

  /// The capsules that earlier attempts at a run have left, the first one first.
  public func left(before lease: RunLease) -> [(attempt: Int, folder: CapsuleFolder)] {
    // Attempts are few, and the capsules of a sweep can be many.
    (1..<max(1, lease.attempt)).map { ($0, capsule(of: lease.run, attempt: $0)) }
      .filter { access($0.1.path, F_OK) == 0 }
  }
}

/// A capsule that cannot be understood.
public enum CapsuleError: Error, Equatable, CustomStringConvertible {
  /// A file is not what a capsule has under its name.
  case content(path: String, problem: String)
  /// A line of events is none.
  case line(path: String, number: Int, problem: String)
  /// The capsule is of another version.
  case version(path: String, found: Int)

  /// One sentence that tells where and what.
  public var description: String {
    switch self {
    case .content(let path, let problem): "\(path) is not what a capsule needs: \(problem)"
    case .line(let path, let number, let problem): "\(path), line \(number): \(problem)"
    case .version(let path, let found):
      "\(path) is a capsule of version \(found), and this program reads version \(CapsuleRun.currentVersion)"
    }
  }
}

/// How a capsule's JSON is written and read.
package enum CapsuleCoding {
  package static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .custom(CapsuleNames.encoded)
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(date.formatted(dates))
    }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  package static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .custom(CapsuleNames.decoded)
    decoder.dateDecodingStrategy = .custom { decoder in
      let container = try decoder.singleValueContainer()
      let text = try container.decode(String.self)
      guard let date = (try? dates.parse(text)) ?? (try? Date.ISO8601FormatStyle().parse(text)) else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "\"\(text)\" is no date such as 2026-01-31T12:00:00.000Z")
      }
      return date
    }
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }

  private static let dates = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}

extension DecodingError {
  /// What is wrong, with the key path, in one clause.
  var capsuleProblem: String {
    func place(_ context: Context, _ key: (any CodingKey)? = nil) -> String {
      let path = (context.codingPath + [key].compactMap(\.self)).map(\.stringValue).joined(separator: ".")
      return path.isEmpty ? "" : "\"\(path)\": "
    }
    return switch self {
    case .keyNotFound(let key, let context): "\(place(context, key))the key is missing"
    case .valueNotFound(let type, let context): "\(place(context))expected \(type), and there is nothing"
    case .typeMismatch(let type, let context): "\(place(context))expected \(type)"
    case .dataCorrupted(let context): "\(place(context))\(context.debugDescription)"
    @unknown default: "\(self)"
    }
  }
}
