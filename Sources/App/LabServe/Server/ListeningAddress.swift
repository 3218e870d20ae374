import FlyingSocks
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An address of this machine that a server listens on.
enum ListeningAddress {
  /// Whether a name is an address in numbers.
  static func isNumeric(_ name: String) -> Bool {
    (try? sockaddr_in.inet(ip4: name, port: 0)) != nil || (try? sockaddr_in6.inet6(ip6: name, port: 0)) != nil
  }

  /// Whether only this machine reaches a name.
  static func isLoopback(_ name: String) -> Bool {
    if name.lowercased() == "localhost" || name == "::1" { return true }
    return name.hasPrefix("127.") && (try? sockaddr_in.inet(ip4: name, port: 0)) != nil
  }

  /// Whether a name stands for all addresses of the machine.
  static func isEverywhere(_ name: String) -> Bool { name == "0.0.0.0" || name == "::" }

  /// The names that people may call this machine by.
  static var machineNames: [String] {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return [] }
    let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
    let short = name.split(separator: ".").first.map(String.init) ?? name
    return [name, short, short + ".local"]
  }

  /// Listens on an address.
  ///
  /// - Parameters:
  ///   - name: the address in numbers.
  ///   - port: the port; 0 for any free one.
  /// - Returns: the socket, and the port.
  /// - Throws: ``ServeError``.
  static func listen(on name: String, port: Int) throws(ServeError) -> (socket: Socket, port: Int) {
    let number = UInt16(port)
    do {
      let socket: Socket
      if let address = try? sockaddr_in.inet(ip4: name, port: number) {
        socket = try Socket(domain: AF_INET)
        try prepare(socket) { try socket.bind(to: address) }
      } else if let address = try? sockaddr_in6.inet6(ip6: name, port: number) {
        socket = try Socket(domain: AF_INET6)
        try prepare(socket) { try socket.bind(to: address) }
      } else {
        throw ServeError(
          kind: .usage,
          "--host takes an address of this machine in numbers, such as 0.0.0.0 for all of them, but \"\(name)\" was given"
        )
      }
      switch try socket.sockname() {
      case .ip4(_, let port), .ip6(_, let port): return (socket, Int(port))
      case .unix: return (socket, port)
      }
    } catch let error as ServeError {
      throw error
    } catch SocketError.failed(_, let code, let message) {
      throw refusal(code, message, name, port)
    } catch {
      throw ServeError(kind: .machine, "the machine lets nothing listen on \(name), port \(port): \(error)")
    }
  }

  private static func prepare(_ socket: Socket, _ bind: () throws -> Void) throws {
    do {
      // A server that is started again finds its port although connections of the one before still fade away.
      try socket.setValue(true, for: .localAddressReuse)
      _ = fcntl(socket.file.rawValue, F_SETFD, FD_CLOEXEC)
      try bind()
      try socket.listen(maxPendingConnection: 128)
    } catch {
      try? socket.close()
      throw error
    }
  }

  private static func refusal(_ code: Int32, _ message: String, _ name: String, _ port: Int) -> ServeError {
    switch code {
    case EADDRINUSE:
      ServeError(
        kind: .usage,
        "port \(port) is taken, perhaps by another labrun serve: choose another one, such as --port \(port % 65_535 + 1), or "
          + "--port 0 for any that is free")
    case EACCES:
      ServeError(
        kind: .usage,
        "port \(port) is one that only the system's own servers may take: choose one from 1024 on, by --port")
    case EADDRNOTAVAIL:
      ServeError(kind: .usage, "this machine has no address \(name): --host takes one of its own, or 0.0.0.0 for all")
    default:
      ServeError(kind: .machine, "the machine lets nothing listen on \(name), port \(port): \(message)")
    }
  }
}
