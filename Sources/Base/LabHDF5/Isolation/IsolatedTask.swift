import Foundation

/// Something that is read from a foreign file, so that it can be read in a process of its own.
///
/// The library that reads the file trusts it: a few altered bytes can crash it or keep it busy for ever. In a process
/// of its own that is one error of many.
package protocol IsolatedTask: Codable, Sendable {
  /// What the file says, beside bulk data.
  associatedtype Answer: Codable
  /// The errors that the caller knows; others come as ``IsolationError/failed(path:reason:)``.
  associatedtype Failure: Error & Codable

  /// The name by which the reading process knows the task.
  static var name: String { get }
  /// The file, for messages.
  var path: String { get }
  /// How much memory the task takes beyond what every reader needs, in bytes.
  var byteCount: Int { get }

  /// Reads the file, in whichever process.
  ///
  /// - Throws: whatever ends the task; its description is the message that the caller gets.
  func run(_ output: IsolatedOutput) throws -> Answer
}

extension IsolatedTask {
  /// Nothing that needs a thought.
  package var byteCount: Int { 0 }
}

/// Takes what a task reads.
package struct IsolatedOutput {
  private let take: (UnsafeRawBufferPointer) throws -> Void
  private let note: () -> Void

  init(take: @escaping (UnsafeRawBufferPointer) throws -> Void, note: @escaping () -> Void = {}) {
    self.take = take
    self.note = note
  }

  /// Takes the next bulk data.
  ///
  /// - Throws: where nobody takes them any more, which ends the task.
  package func send(_ bytes: UnsafeRawBufferPointer) throws {
    note()
    try take(bytes)
    note()
  }

  /// Says that reading goes on, so that it is not taken for an endless loop.
  package func goesOn() { note() }
}

/// Why a file could not be read by a process of its own.
package enum IsolationError: Error, Equatable, CustomStringConvertible {
  /// The process was ended by a signal.
  case crashed(path: String, signal: Int32)
  /// The process computed for that long without getting anywhere.
  case noProgress(path: String, seconds: Double)
  /// The file could not be read for another reason.
  case failed(path: String, reason: String)

  /// What happened, as the end of a sentence about the file.
  package var problem: String {
    switch self {
    case .crashed(_, let signal): "the library that reads it crashed on it (\(String(cString: strsignal(signal))))"
    case .noProgress(_, let seconds):
      "the library that reads it got nowhere with it in \(seconds.formatted()) s (LABRUN_READ_SECONDS allows more)"
    case .failed(_, let reason): reason
    }
  }

  /// The file.
  package var path: String {
    switch self {
    case .crashed(let path, _), .noProgress(let path, _), .failed(let path, _): path
    }
  }

  package var description: String { "\(path) is damaged: \(problem)" }
}
