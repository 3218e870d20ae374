import Foundation
import LabCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs tasks in processes of their own where the program says how to start one, else in this one.
package enum IsolatedReader {
  private static let helper = Mutex<String?>(nil)
  /// How many times longer than its time to compute a reader may keep silent; a disk may be slow.
  private static let patience = 60.0

  /// Names the program that reads files: one that calls ``IsolatedService/serveIfAsked(_:)`` first of all.
  package static func use(program path: String) { helper.withLock { $0 = path } }

  /// The path by which a process can start its own program once more, also where its file was replaced since.
  package static var ownProgram: String {
    #if os(Linux)
      "/proc/self/exe"
    #else
      Bundle.main.executablePath ?? CommandLine.arguments[0]
    #endif
  }

  /// Runs a task.
  ///
  /// - Parameters:
  ///   - task: what is to be read.
  ///   - receive: takes bulk data, in the order in which the task sends them.
  /// - Throws: the task's `Failure`, ``IsolationError``, `FileError`, or what `receive` throws.
  package static func run<Task: IsolatedTask>(
    _ task: Task, receive: (UnsafeRawBufferPointer) throws -> Void = { _ in }
  ) throws -> Task.Answer {
    guard let program = helper.withLock({ $0 }) else {
      return try withoutActuallyEscaping(receive) { try task.run(IsolatedOutput(take: $0)) }
    }
    let limits = IsolationLimits.current(byteCount: task.byteCount)
    let request = try IsolatedRequest(task: Task.name, limits: limits, body: IsolatedCoding.encode(task))
    let process = try ReadingProcess(program: program, arguments: [IsolatedService.argument], path: task.path)
    do {
      try process.channel.send(IsolatedCoding.encode(request))
      while true {
        let (kind, count) = try process.channel.nextFrame(patience: limits.seconds * patience)
        switch kind {
        case .bytes: try process.channel.receive(count, patience: limits.seconds * patience, receive)
        case .answer:
          let answer = try IsolatedCoding.decode(Task.Answer.self, from: process.channel.receive(count))
          process.finish()
          return answer
        case .failure: throw try IsolatedCoding.decode(Task.Failure.self, from: process.channel.receive(count))
        case .fileError: throw try IsolatedCoding.decode(FileError.self, from: process.channel.receive(count))
        case .otherError:
          let text = String(decoding: try process.channel.receive(count), as: UTF8.self)
          throw IsolationError.failed(path: task.path, reason: text)
        }
      }
    } catch let silence as IsolatedChannel.Silence {
      throw process.finish(silence, limits: limits)
    } catch {
      process.kill()
      throw error
    }
  }
}

/// How long and in how much memory a file may be read.
struct IsolationLimits: Codable {
  /// Seconds of computing without progress.
  var seconds: Double
  /// The whole process's memory in bytes.
  var byteCount: Int

  /// The limits as `LABRUN_READ_SECONDS` sets them, by default 10 s.
  ///
  /// - Parameter byteCount: what the task needs beyond its library.
  static func current(byteCount: Int) -> IsolationLimits {
    let text = ProcessInfo.processInfo.environment["LABRUN_READ_SECONDS"] ?? ""
    let seconds = Double(text).flatMap { $0 > 0 && $0.isFinite ? min($0, 1e6) : nil } ?? 10
    let half = Int(clamping: ProcessInfo.processInfo.physicalMemory / 2)
    return IsolationLimits(seconds: seconds, byteCount: min(4 << 30, max(1 << 30, half)) + byteCount)
  }
}

/// What a reading process is told.
struct IsolatedRequest: Codable {
  var task: String
  var limits: IsolationLimits
  var body: Data
}

/// JSON that also holds numbers which are none.
enum IsolatedCoding {
  static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(value)
  }

  static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(type, from: data)
  }
}
