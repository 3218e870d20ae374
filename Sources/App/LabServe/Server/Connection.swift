import FlyingSocks
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How long clients may take, in seconds.
package struct ClientPatience: Sendable {
  /// From the beginning of a head to its end.
  var head: Double
  /// From one request to the next.
  var idle: Double
  /// Without taking a byte of a response, or sending one of a body.
  var stall: Double
  /// From the beginning of a body to its end.
  var body: Double

  package init(head: Double = 10, idle: Double = 60, stall: Double = 10, body: Double = 120) {
    self.head = head
    self.idle = idle
    self.stall = stall
    self.body = body
  }
}

/// One client's connection: reads requests and writes responses, each within a time and a size.
///
/// FlyingFox's own server reads heads of any length for as long as a client takes, and answers what it does not understand
/// with nothing; here its sockets are used, and requests are read by ``Request``.
struct Connection {
  let socket: Socket
  let patience: ClientPatience
  /// Says before a body is read whether it is wanted; the response says why not.
  let refusal: (Request) -> Response?
  /// Answers a request; it is told how to find out whether the client has gone.
  let answer: (Request, () -> Bool) -> Response
  /// Is told whether a request is waited for.
  let setWaiting: (Bool) -> Void
  /// What bodies of all clients may take of the memory.
  let budget: BodyBudget
  var buffer: [UInt8] = []

  init(
    socket: Socket, patience: ClientPatience, budget: BodyBudget, setWaiting: @escaping (Bool) -> Void,
    refusal: @escaping (Request) -> Response?, answer: @escaping (Request, () -> Bool) -> Response
  ) {
    self.socket = socket
    self.patience = patience
    self.budget = budget
    self.setWaiting = setWaiting
    self.refusal = refusal
    self.answer = answer
  }

  /// Serves the client until it leaves, or has to.
  mutating func serve() {
    guard (try? socket.setFlags(.nonBlocking)) != nil else { return }
    while true {
      setWaiting(true)
      var request: Request
      var reserved = 0
      defer { budget.release(reserved) }
      do {
        guard let head = try nextHead() else { return }
        setWaiting(false)
        request = try Request(head: head)
        if let problem = Connection.bodyProblem(request) { throw problem }
        if !request.isReading {
          if let response = refusal(request) { return refuse(response, isHead: false) }
          reserved = try bodyLength(of: request)
          try budget.reserve(reserved)
          setWaiting(true)
          guard let body = try body(of: request, length: reserved) else { return }
          request.body = body
          setWaiting(false)
        }
      } catch {
        setWaiting(false)
        if let problem = error as? RequestProblem { refuse(problem) }
        return
      }
      let response = answer(request) { [self] in isGone }
      let keepsAlive = request.keepsAlive && response.status != 405
      guard write(response, isHead: request.isHead, keepsAlive: keepsAlive) else { return }
      guard keepsAlive else { return linger() }
    }
  }

  /// What is wrong with a request that announces a body where this server takes none.
  private static func bodyProblem(_ request: Request) -> RequestProblem? {
    guard request.isReading else { return nil }
    let length = request.headers["content-length"]
    guard request.headers["transfer-encoding"] != nil || (length != nil && length != "0") else { return nil }
    return RequestProblem(status: 413, description: "this server takes no body", endsConnection: true)
  }

  // MARK: Reading

  /// The bytes of the next head; nil where the client has left, or has sent nothing for too long.
  private mutating func nextHead() throws -> [UInt8]? {
    var deadline = ContinuousClock.now + .seconds(buffer.isEmpty ? patience.idle : patience.head)
    var searched = 0
    while true {
      if let end = headEnd(from: searched) {
        let head = Array(buffer[..<end])
        buffer.removeFirst(end + 4)
        return head
      }
      guard buffer.count <= Request.headLimit else {
        throw RequestProblem(
          status: 431, description: "the head of the request is longer than \(Request.headLimit) bytes",
          endsConnection: true)
      }
      searched = max(0, buffer.count - 3)
      guard wait(for: Int16(POLLIN), until: deadline) else {
        guard !buffer.isEmpty else { return nil }
        throw RequestProblem(
          status: 408, description: "the request did not arrive within \(Int(patience.head)) seconds",
          endsConnection: true)
      }
      do {
        let bytes = try socket.read(atMost: 4096)
        if buffer.isEmpty { deadline = min(deadline, .now + .seconds(patience.head)) }
        buffer += bytes
        // Some clients send an empty line behind a request.
        if buffer.starts(with: [13, 10]) { buffer.removeFirst(2) }
      } catch SocketError.blocked {
        continue
      } catch SocketError.failed(_, EINTR, _) {
        continue
      } catch {
        return nil
      }
    }
  }

  private func headEnd(from start: Int) -> Int? {
    guard buffer.count >= 4 else { return nil }
    return (start...(buffer.count - 4)).first { index in
      buffer[index] == 13 && buffer[index + 1] == 10 && buffer[index + 2] == 13 && buffer[index + 3] == 10
    }
  }

  /// Waits for something to happen at the socket.
  ///
  /// - Returns: whether it has happened in time.
  func wait(for events: Int16, until deadline: ContinuousClock.Instant) -> Bool {
    while true {
      let left = deadline - .now
      guard left > .zero else { return false }
      let milliseconds = Int32(min(left / .milliseconds(1), 60_000).rounded(.up))
      var entry = pollfd(fd: socket.file.rawValue, events: events, revents: 0)
      let count = poll(&entry, 1, milliseconds)
      if count > 0 { return true }
      if count < 0, errno != EINTR { return true }
    }
  }

  /// Whether the client has closed the connection.
  private var isGone: Bool {
    var entry = pollfd(fd: socket.file.rawValue, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, 0) > 0 else { return false }
    var byte: UInt8 = 0
    return recv(socket.file.rawValue, &byte, 1, Int32(MSG_PEEK)) == 0
  }

  // MARK: Writing

  private func refuse(_ problem: RequestProblem) { refuse(.json(problem), isHead: false) }

  private func refuse(_ response: Response, isHead: Bool) {
    if write(response, isHead: isHead, keepsAlive: false) { linger() }
  }

  /// Writes a response.
  ///
  /// - Returns: whether the client has taken all of it.
  private func write(_ response: Response, isHead: Bool, keepsAlive: Bool) -> Bool {
    let head = response.head(keepsAlive: keepsAlive)
    guard !isHead, response.status != 304 else { return write(head) }
    switch response.body {
    case .data(let data): return write(head, data)
    case .file(let path, let length):
      guard let file = FileHandle(forReadingAtPath: path) else { return false }
      defer { try? file.close() }
      guard write(head) else { return false }
      var left = length
      while left > 0 {
        // A file that has become shorter leaves the response short, which the client sees by its length.
        guard let part = try? file.read(upToCount: min(left, 65_536)), !part.isEmpty, write(part) else { return false }
        left -= part.count
      }
      return true
    }
  }

  /// Writes a head and what follows it by one call of the system, without a copy of both together.
  private func write(_ head: Data, _ body: Data) -> Bool {
    let sent = head.withUnsafeBytes { head in
      body.withUnsafeBytes { body in
        var parts = [
          iovec(iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress), iov_len: head.count),
          iovec(iov_base: UnsafeMutableRawPointer(mutating: body.baseAddress), iov_len: body.count),
        ]
        return parts.withUnsafeMutableBufferPointer { parts in
          var message = msghdr()
          message.msg_iov = parts.baseAddress
          message.msg_iovlen = .init(parts.count)
          return sendmsg(socket.file.rawValue, &message, Connection.sendFlags)
        }
      }
    }
    // What is wrong is found out by whoever writes the rest.
    let count = max(0, sent)
    guard count < head.count + body.count else { return true }
    return (count >= head.count || write(head.dropFirst(count))) && write(body.dropFirst(max(0, count - head.count)))
  }

  #if canImport(Glibc)
    /// A client that has gone ends no process.
    private static let sendFlags = Int32(MSG_NOSIGNAL)
  #else
    private static let sendFlags: Int32 = 0
  #endif

  func write(_ data: Data) -> Bool {
    var index = data.startIndex
    while index < data.endIndex {
      do {
        index = try socket.write(data, from: index)
      } catch SocketError.blocked {
        guard wait(for: Int16(POLLOUT), until: .now + .seconds(patience.stall)) else { return false }
      } catch SocketError.failed(_, EINTR, _) {
        continue
      } catch {
        return false
      }
    }
    return true
  }

  /// Lets the client read the last response before the connection ends: what it has sent meanwhile would make the system
  /// throw the response away.
  private func linger() {
    _ = shutdown(socket.file.rawValue, Int32(SHUT_WR))
    // A browser reads no response before it has sent its whole body.
    let deadline = ContinuousClock.now + .seconds(min(3, patience.head))
    var taken = 0
    while taken < 4 * BodyBudget.bodyLimit, wait(for: Int16(POLLIN), until: deadline) {
      do {
        taken += try socket.read(atMost: 65_536).count
      } catch SocketError.blocked {
        continue
      } catch {
        return
      }
    }
  }
}
