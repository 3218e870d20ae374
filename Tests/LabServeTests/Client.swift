import FlyingSocks
import Foundation
import LabServe

/// A client that sends whatever bytes it is told, and hears what comes back.
struct Client {
  /// What came back.
  struct Answer {
    var status: Int
    var headers: [String: String]
    var body: String
  }

  let socket: Socket

  init(port: Int) throws {
    socket = try Socket(domain: Int32(AF_INET))
    do {
      try socket.connect(to: .inet(ip4: "127.0.0.1", port: UInt16(port)))
    } catch SocketError.failed(_, EINTR, _) {
      // The connection goes on being made.
      var entry = pollfd(fd: socket.file.rawValue, events: Int16(POLLOUT), revents: 0)
      while poll(&entry, 1, 60_000) < 0, errno == EINTR {}
    } catch {
      try? socket.close()
      throw error
    }
  }

  func send(_ bytes: [UInt8]) throws {
    var data = Data(bytes)
    while !data.isEmpty {
      do {
        data = Data(data.dropFirst(try socket.write(data)))
      } catch SocketError.failed(_, EINTR, _) {
        continue
      }
    }
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  /// Everything until the server ends the connection, or has said nothing for some time.
  func heard(seconds: Double = 10) -> [UInt8] {
    var all: [UInt8] = []
    while true {
      var entry = pollfd(fd: socket.file.rawValue, events: Int16(POLLIN), revents: 0)
      let count = poll(&entry, 1, Int32(seconds * 1000))
      // Other tests start processes, whose ends interrupt this.
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return all }
      do {
        all += try socket.read(atMost: 65_536)
      } catch SocketError.failed(_, EINTR, _) {
        continue
      } catch {
        return all
      }
    }
  }

  /// Whether something has come back, or the connection has ended.
  var isAnswered: Bool {
    var entry = pollfd(fd: socket.file.rawValue, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) > 0
  }

  func close() { try? socket.close() }

  /// Sends a request and reads the answer to its end.
  static func ask(port: Int, _ head: [String], seconds: Double = 60) throws -> Answer? {
    let client = try Client(port: port)
    defer { client.close() }
    try client.send(head.joined(separator: "\r\n") + "\r\n\r\n")
    return answer(client.heard(seconds: seconds))
  }

  /// Asks for an address in the usual way.
  static func get(
    port: Int, _ target: String, method: String = "GET", host: String? = nil, headers: [String] = []
  ) throws -> Answer {
    let head = ["\(method) \(target) HTTP/1.1", "Host: \(host ?? "127.0.0.1:\(port)")", "Connection: close"] + headers
    guard let answer = try ask(port: port, head) else { throw CocoaError(.fileReadCorruptFile) }
    return answer
  }

  static func answer(_ bytes: [UInt8]) -> Answer? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    let first = lines[0].split(separator: " ")
    guard first.count > 1, let status = Int(first[1]) else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return Answer(status: status, headers: headers, body: String(text[end.upperBound...]))
  }
}

/// A server of a results folder, while a test runs.
func withServer<R>(
  of results: SampleResults, patience: ClientPatience = .init(), host: String? = nil, token: String? = nil,
  connectionLimit: Int = 256, glanceSeconds: Double? = nil, _ body: (WindowServer) throws -> R
) throws -> R {
  var options = WindowServer.Options(results: results.folder.path, host: host, port: 0, token: token)
  options.patience = patience
  // Built for debugging, pages take long, and tests want new ones.
  options.share = 1000
  options.connectionLimit = connectionLimit
  if let glanceSeconds { options.glanceSeconds = glanceSeconds }
  let server = try WindowServer(options)
  server.start()
  defer { server.stop() }
  return try body(server)
}
