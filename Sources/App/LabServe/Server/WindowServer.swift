import FlyingSocks
import Foundation
import LabStore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A server that shows a results folder in a browser, and to programs, while sweeps write to it.
///
/// It only reads results: by connections that cannot write, in transactions of one page, so that no sweep ever waits for it.
public final class WindowServer: Sendable {
  /// What is shown, and to whom.
  public struct Options: Sendable {
    /// The results folder.
    public var results: String
    /// The address that is listened on, in numbers; nil for this machine alone.
    public var host: String?
    /// The port; 0 for any free one.
    public var port: Int
    /// What clients have to know; nil for nothing on this machine alone, and for a random one elsewhere.
    public var token: String?
    /// The only run that is shown, by a page that asks its model, by the first digits of its identity; nil for all pages.
    public var onlyRun: String?
    /// The most connections at once.
    public var connectionLimit = 256
    /// How long clients may take.
    package var patience = ClientPatience()
    /// What share of one core is spent, at most, on making a page anew that everybody has open.
    package var share = 0.05
    /// How long the first page reads sweeps that nobody has looked at before, in seconds: it is there at once, and what is
    /// missing follows.
    package var glanceSeconds = 0.06

    /// Creates options.
    public init(results: String, host: String? = nil, port: Int = 8080, token: String? = nil) {
      self.results = results
      self.host = host
      self.port = port
      self.token = token
    }
  }

  /// The port that is listened on.
  public let port: Int
  /// The address to open, with the token where there is one.
  public let address: String
  /// What clients have to know; nil for nothing.
  public let token: String?
  private let listeners: [Socket]
  private let connections: Connections
  private let patience: ClientPatience
  private let router: Router
  private let budget = BodyBudget()
  private let window: Window
  private let isStopped = Atomic(false)
  /// How many sockets are listened on.
  private let listening = Atomic(0)

  /// Opens the store and listens.
  ///
  /// - Throws: ``ServeError``, or what opening the store throws.
  public init(_ options: Options) throws {
    guard (0...65_535).contains(options.port) else {
      throw ServeError(kind: .usage, "a port is a number from 0 to 65535, but \(options.port) was given")
    }
    if let token = options.token { try Access.check(token: token) }
    let onlyRun = try options.onlyRun.map { name in
      let store = try StudyStore(reading: options.results)
      return try PredictPage.predictable(store.run(matching: name), in: store).identity
    }
    window = try Window(
      results: options.results, share: options.share, glanceSeconds: options.glanceSeconds, onlyRun: onlyRun)
    let isLocal = options.host.map(ListeningAddress.isLoopback) ?? true
    token = options.token ?? (isLocal ? nil : Access.randomToken())
    let host = options.host.flatMap { $0.lowercased() == "localhost" ? nil : $0 }
    let first = try ListeningAddress.listen(on: host ?? "127.0.0.1", port: options.port)
    port = first.port
    // Browsers may take localhost for either address; where the machine has but one of them, that one is enough.
    var listeners = [first.socket]
    if host == nil, let second = try? ListeningAddress.listen(on: "::1", port: first.port) {
      listeners.append(second.socket)
    }
    self.listeners = listeners
    let isEverywhere = host.map(ListeningAddress.isEverywhere) ?? false
    var names: Set<String> = isLocal || isEverywhere ? ["localhost", "127.0.0.1", "::1"] : []
    if let host { names.insert(host.lowercased()) }
    if !isLocal { names.formUnion(ListeningAddress.machineNames) }
    let access = Access(names: names, isEverywhere: isEverywhere, port: port, token: token)
    router = Router(window: window, access: access)
    connections = Connections(limit: options.connectionLimit)
    patience = options.patience
    let shown = isEverywhere ? ListeningAddress.machineNames.first ?? "127.0.0.1" : host ?? "127.0.0.1"
    let place = shown.contains(":") ? "[\(shown)]" : shown
    address = "http://\(place):\(port)/" + (token.map { "?token=\($0)" } ?? "")
  }

  /// Begins to serve, on threads of its own.
  public func start() {
    window.start()
    for listener in listeners {
      listening.add(1, ordering: .relaxed)
      let thread = Thread { [self] in
        accept(from: listener)
        listening.subtract(1, ordering: .relaxed)
      }
      thread.name = "labrun.serve"
      thread.start()
    }
  }

  /// Stops serving: no connection is taken any more, and those that there are end.
  public func stop() {
    guard !isStopped.exchange(true, ordering: .relaxed) else { return }
    window.stop()
    for _ in 0..<100 where listening.load(ordering: .relaxed) > 0 { usleep(20_000) }
    for _ in 0..<100 {
      connections.endAll()
      if connections.count == 0 { break }
      usleep(20_000)
    }
  }

  private func accept(from listener: Socket) {
    defer { try? listener.close() }
    while !isStopped.load(ordering: .relaxed) {
      var entry = pollfd(fd: listener.file.rawValue, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 250) > 0, !isStopped.load(ordering: .relaxed) else { continue }
      do {
        let socket = Socket(file: try listener.accept().file)
        serve(socket)
      } catch {
        // The client has left again, or the process has no files left until others close theirs.
        usleep(10_000)
      }
    }
  }

  private func serve(_ socket: Socket) {
    let descriptor = socket.file.rawValue
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    #if canImport(Darwin)
      try? socket.setValue(true, for: BoolSocketOption(name: SO_NOSIGPIPE))
    #endif
    guard let number = connections.admit(socket) else {
      let problem = RequestProblem(status: 503, description: "too many clients ask at once: try again in a moment")
      let response = Response.json(problem)
      if case .data(let body) = response.body { _ = try? socket.write(response.head(keepsAlive: false) + body) }
      try? socket.close()
      return
    }
    let thread = Thread { [self] in
      var connection = Connection(
        socket: socket, patience: patience, budget: budget,
        setWaiting: { [self] in connections.setWaiting($0, number) }, refusal: { [self] in router.refusal(of: $0) },
        answer: { [self] in router.response(to: $0, isGone: $1) })
      connection.serve()
      connections.close(number)
    }
    thread.stackSize = 2 << 20
    thread.start()
  }
}
