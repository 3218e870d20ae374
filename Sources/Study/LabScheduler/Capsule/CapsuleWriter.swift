import Foundation
import LabCore
import LabRecords
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Adds events to a capsule; each is whole and durable when its call returns, progress excepted.
public final class CapsuleWriter: Sendable {
  private let path: String
  private let descriptor: Int32
  private let sequence: Mutex<Int>
  private let didAppend: @Sendable () -> Void
  /// The file that must go on naming this process, and what it says then; nil where no other one can come.
  private let fence: (path: String, content: Data)?

  /// Opens a capsule's events, and goes on after the last whole one.
  ///
  /// - Parameters:
  ///   - folder: the capsule.
  ///   - isFenced: whether the process stops writing as soon as another one has noted itself as the one that trains, which a
  ///     cluster may start elsewhere while this one is cut off.
  ///   - didAppend: is called after each event.
  /// - Throws: `FileError`, ``CapsuleError`` where what is there are no events.
  public init(_ folder: CapsuleFolder, isFenced: Bool = false, didAppend: @escaping @Sendable () -> Void = {}) throws {
    path = folder.eventsPath
    self.didAppend = didAppend
    fence = isFenced ? (folder.processPath, try CapsuleCoding.encoder.encode(ProcessIdentity.current)) : nil
    var reader = CapsuleReader(folder)
    var last = 0
    while let event = try reader.next() { last = event.sequence }
    sequence = Mutex(last)
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(action: "open", path: path) }
    // A line that a dying process has not finished.
    guard ftruncate(descriptor, off_t(reader.offset)) == 0 else { throw FileError(action: "write", path: path) }
    try AtomicFile.synchronize(folder.path)
  }

  deinit { close(descriptor) }

  /// Adds an event.
  ///
  /// - Throws: `FileError`.
  public func append(_ content: CapsuleEvent.Content) throws {
    try sequence.withLock { sequence in
      let event = CapsuleEvent(sequence: sequence + 1, date: Date(), content: content)
      if event.mustLast, let fence, FileManager.default.contents(atPath: fence.path) != fence.content {
        throw CapsuleError.content(path: fence.path, problem: "it names another process by now, or is gone")
      }
      let line = try CapsuleCoding.encoder.encode(event) + Data("\n".utf8)
      let end = lseek(descriptor, 0, SEEK_END)
      do {
        try write(line)
        if event.mustLast, fsync(descriptor) != 0 { throw FileError(action: "flush", path: path) }
      } catch {
        // What is there in part, or perhaps not for long, is not told: the next event has its number and its place.
        if end >= 0 { _ = ftruncate(descriptor, end) }
        throw error
      }
      sequence += 1
    }
    didAppend()
  }

  private func write(_ line: Data) throws {
    try line.withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let count = Foundation.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
        if count < 0 {
          if errno == EINTR { continue }
          throw FileError(action: "write", path: path)
        }
        offset += count
      }
    }
  }
}
