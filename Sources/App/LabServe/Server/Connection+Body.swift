import FlyingSocks
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the bodies of all clients may take of the memory at a time.
package final class BodyBudget: Sendable {
  /// The most bytes of one body.
  package static let bodyLimit = 32 << 20
  /// The most bytes of all bodies that are being read or looked at.
  private static let total = 4 * bodyLimit
  private let taken = Mutex(0)

  package init() {}

  /// Takes room for a body, before its first byte is read.
  ///
  /// - Throws: ``RequestProblem`` where there is none.
  package func reserve(_ count: Int) throws(RequestProblem) {
    let isRoom = taken.withLock { taken in
      guard taken + count <= BodyBudget.total else { return false }
      taken += count
      return true
    }
    guard isRoom else {
      throw RequestProblem(
        status: 503, description: "too much is being sent at once: try again in a moment",
        headers: ["Retry-After": "5"], endsConnection: true)
    }
  }

  /// Gives room back.
  package func release(_ count: Int) { taken.withLock { $0 -= count } }
}

extension Request {
  /// Whether the request only reads, so that it has no body.
  var isReading: Bool { method == "GET" || method == "HEAD" }
}

extension Connection {
  /// The number of bytes that a request announces.
  ///
  /// - Throws: ``RequestProblem`` where it says none, several, or more than are taken.
  func bodyLength(of request: Request) throws(RequestProblem) -> Int {
    let announced = request.headers["content-length"]
    if request.headers["transfer-encoding"] != nil {
      // Two lengths of one body are how requests are smuggled.
      guard announced == nil else {
        throw RequestProblem(
          status: 400, description: "the request cannot be understood: it says the length of its body in two ways",
          endsConnection: true)
      }
      throw Connection.unknownLength
    }
    guard let announced else { throw Connection.unknownLength }
    guard !announced.isEmpty, announced.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
      throw RequestProblem(
        status: 400, description: "the request cannot be understood: its Content-Length is no number",
        endsConnection: true)
    }
    // A number of more digits than an integer has is too large, too.
    guard let length = Int(announced), length <= BodyBudget.bodyLimit else {
      throw RequestProblem(
        status: 413,
        description:
          "the body has more than \(BodyBudget.bodyLimit >> 20) MiB, which is the most that is taken at once: "
          + "send fewer images, or smaller ones", endsConnection: true)
    }
    return length
  }

  private static var unknownLength: RequestProblem {
    RequestProblem(
      status: 411, description: "this server takes bodies of a known length only: send the header Content-Length",
      endsConnection: true)
  }

  /// Reads a body.
  ///
  /// - Returns: its bytes; nil where the client has left.
  /// - Throws: ``RequestProblem`` where it does not come in time.
  mutating func body(of request: Request, length: Int) throws -> Data? {
    if let expected = request.headers["expect"] {
      guard expected.lowercased() == "100-continue" else {
        throw RequestProblem(
          status: 417, description: "this server knows no expectation but 100-continue", endsConnection: true)
      }
      // Who has sent some of it already does not wait for leave.
      if buffer.isEmpty, length > 0, !write(Data("HTTP/1.1 100 Continue\r\n\r\n".utf8)) { return nil }
    }
    var body = Data(buffer.prefix(length))
    buffer.removeFirst(body.count)
    let deadline = ContinuousClock.now + .seconds(patience.body)
    while body.count < length {
      guard wait(for: Int16(POLLIN), until: min(deadline, .now + .seconds(patience.stall))) else {
        throw RequestProblem(
          status: 408,
          description: "the body did not arrive: \(body.count) of \(length) bytes came, within \(Int(patience.body)) "
            + "seconds in all and \(Int(patience.stall)) without any", endsConnection: true)
      }
      do {
        body.append(contentsOf: try socket.read(atMost: min(65_536, length - body.count)))
      } catch SocketError.blocked {
        continue
      } catch SocketError.failed(_, EINTR, _) {
        continue
      } catch {
        return nil
      }
    }
    return body
  }
}
