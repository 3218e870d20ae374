import Foundation
import LabCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One end of the connection between a process and the one that reads a file for it.
///
/// A frame is a byte that tells its kind, its length as 64 bits, and so many bytes.
struct IsolatedChannel {
  /// What a frame holds.
  enum Kind: UInt8 {
    case bytes, answer, failure, fileError, otherError
  }

  /// The other end has said nothing for too long, or will never again say anything.
  struct Silence: Error {
    /// Whether it may still be alive.
    var isTimeout: Bool
  }

  /// The largest answer or request, in bytes.
  private static let largestAnswer = 1 << 30

  let descriptor: Int32

  // MARK: Sending

  /// Sends a frame.
  func send(_ kind: Kind, _ bytes: UnsafeRawBufferPointer) throws {
    var header = [kind.rawValue]
    withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { header.append(contentsOf: $0) }
    try header.withUnsafeBytes { try sendAll($0) }
    try sendAll(bytes)
  }

  /// Sends a frame.
  func send(_ kind: Kind, _ data: Data) throws { try data.withUnsafeBytes { try send(kind, $0) } }

  /// Sends a request.
  func send(_ request: Data) throws { try send(.bytes, request) }

  private func sendAll(_ bytes: UnsafeRawBufferPointer) throws {
    var offset = 0
    while offset < bytes.count {
      // The other end may be gone; that must be an error and not a signal.
      #if os(Linux)
        let count = Glibc.send(descriptor, bytes.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL))
      #else
        let count = Darwin.send(descriptor, bytes.baseAddress! + offset, bytes.count - offset, 0)
      #endif
      if count < 0 {
        if errno == EINTR { continue }
        throw Silence(isTimeout: false)
      }
      offset += count
    }
  }

  // MARK: Receiving

  /// The kind and length of the next frame.
  ///
  /// - Parameter patience: how long the other end may say nothing, in seconds.
  func nextFrame(patience: Double = .infinity) throws -> (kind: Kind, count: Int) {
    var header = [UInt8](repeating: 0, count: 9)
    try header.withUnsafeMutableBytes { try receiveAll($0, patience: patience) }
    let count = header[1...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let kind = Kind(rawValue: header[0]), let count = Int(exactly: count),
      kind == .bytes || count <= Self.largestAnswer
    else { throw Silence(isTimeout: true) }
    return (kind, count)
  }

  /// A whole frame.
  func receive(_ count: Int) throws -> Data {
    guard count <= Self.largestAnswer else { throw Silence(isTimeout: true) }
    var data = Data(count: count)
    try data.withUnsafeMutableBytes { try receiveAll($0, patience: .infinity) }
    return data
  }

  /// The bytes of a frame, in pieces.
  func receive(_ count: Int, patience: Double, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    var buffer = [UInt8](repeating: 0, count: min(count, 1 << 20))
    var rest = count
    while rest > 0 {
      let size = min(rest, buffer.count)
      try buffer.withUnsafeMutableBytes { try receiveAll(.init(rebasing: $0[..<size]), patience: patience) }
      try buffer.withUnsafeBytes { try body(.init(rebasing: $0[..<size])) }
      rest -= size
    }
  }

  private func receiveAll(_ buffer: UnsafeMutableRawBufferPointer, patience: Double) throws {
    var filled = 0
    while filled < buffer.count {
      var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&event, 1, patience.isFinite ? Int32(min(patience * 1000, 1e9)) : -1)
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else { throw Silence(isTimeout: true) }
      let count = read(descriptor, buffer.baseAddress! + filled, buffer.count - filled)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Silence(isTimeout: false) }
      filled += count
    }
  }
}
