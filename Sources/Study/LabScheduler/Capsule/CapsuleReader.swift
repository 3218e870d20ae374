import Foundation
import LabCore

/// Reads the events of a capsule as they come, each once.
///
/// A last line without its end is not an event yet. A number that came before counts once, whatever its line says.
public struct CapsuleReader {
  /// The longest line in bytes: that of a final record with a confusion matrix of two thousand classes.
  static let longestLineBytes = 32 << 20
  private static let chunkBytes = 1 << 20

  private let path: String
  /// Whether another machine writes the file, so that what is new in it is seen by whoever opens it anew; and many of them are
  /// followed at once.
  private let isShared: Bool
  private var handle: FileHandle?
  /// Bytes behind the last event.
  private var pending = Data()
  /// The first byte of `pending` that was not looked at.
  private var searched = 0
  private var lineNumber = 0
  private var lastSequence = 0
  /// The bytes of the events that were read.
  public private(set) var offset: UInt64 = 0

  /// Reads from the first event on.
  ///
  /// - Parameters:
  ///   - folder: the capsule.
  ///   - isShared: whether another machine writes the events: the file is then opened for each look, as network file systems
  ///     want it, and read again from the last event on, since a writer that begins anew cuts off what is no event yet.
  public init(_ folder: CapsuleFolder, isShared: Bool = false) {
    path = folder.eventsPath
    self.isShared = isShared
  }

  /// The next event; nil where there is no further one yet.
  ///
  /// - Throws: `FileError` where the file cannot be read, ``CapsuleError`` with the number of a line that is no event.
  public mutating func next() throws -> CapsuleEvent? {
    while let line = try nextLine() {
      lineNumber += 1
      let event: CapsuleEvent
      do {
        event = try CapsuleCoding.decoder.decode(CapsuleEvent.self, from: line.withQuotedNonFiniteNumbers)
      } catch let error as DecodingError {
        throw CapsuleError.line(path: path, number: lineNumber, problem: error.capsuleProblem)
      } catch {
        throw CapsuleError.line(path: path, number: lineNumber, problem: "\(error)")
      }
      offset += UInt64(line.count) + 1
      guard event.sequence > lastSequence else { continue }
      guard event.sequence == lastSequence + 1 else {
        throw CapsuleError.line(
          path: path, number: lineNumber,
          problem: "event \(event.sequence) follows event \(lastSequence): some are missing between them")
      }
      lastSequence = event.sequence
      return event
    }
    return nil
  }

  private mutating func nextLine() throws -> Data? {
    while true {
      if let end = pending[(pending.startIndex + searched)...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Data(pending[..<end])
        pending = pending[(end + 1)...]
        searched = 0
        return line
      }
      searched = pending.count
      guard pending.count <= CapsuleReader.longestLineBytes else {
        throw CapsuleError.line(
          path: path, number: lineNumber + 1,
          problem: "the line is longer than \(CapsuleReader.longestLineBytes >> 20) MB")
      }
      guard let more = try readMore() else {
        if isShared { leaveFile() }
        return nil
      }
      pending = Data(pending) + more
    }
  }

  /// Forgets what is no event yet, and closes the file.
  private mutating func leaveFile() {
    try? handle?.close()
    handle = nil
    pending = Data()
    searched = 0
  }

  private mutating func readMore() throws -> Data? {
    if handle == nil {
      guard let opened = FileHandle(forReadingAtPath: path) else {
        if errno == ENOENT { return nil }
        throw FileError(action: "open", path: path)
      }
      handle = opened
      if offset > 0 { try opened.seek(toOffset: offset) }
    }
    do {
      let data = try handle?.read(upToCount: CapsuleReader.chunkBytes)
      return data?.isEmpty == false ? data : nil
    } catch {
      throw FileError(action: "read", path: path, code: error.systemErrorCode ?? errno)
    }
  }
}

extension Data {
  /// The line with `NaN`, `Infinity` and `-Infinity`, which Python's `json` writes and JSON does not have, as strings.
  var withQuotedNonFiniteNumbers: Data {
    guard contains(where: { $0 == UInt8(ascii: "N") || $0 == UInt8(ascii: "I") }) else { return self }
    var result = Data()
    result.reserveCapacity(count + 16)
    var isInString = false
    var rest = self[...]
    while let byte = rest.first {
      if !isInString, let (token, quoted) = Data.nonFiniteNumbers.first(where: { rest.starts(with: $0.token) }) {
        result += quoted
        rest = rest.dropFirst(token.count)
        continue
      }
      result.append(byte)
      rest = rest.dropFirst()
      if isInString, byte == UInt8(ascii: "\\"), let escaped = rest.first {
        result.append(escaped)
        rest = rest.dropFirst()
      } else if byte == UInt8(ascii: "\"") {
        isInString.toggle()
      }
    }
    return result
  }

  private static let nonFiniteNumbers: [(token: Data, quoted: Data)] = [
    ("NaN", "\"nan\""), ("Infinity", "\"inf\""), ("-Infinity", "\"-inf\""),
  ].map { (Data($0.utf8), Data($1.utf8)) }
}
