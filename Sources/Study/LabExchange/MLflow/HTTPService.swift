import Foundation
import LabCore
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A server that is asked one thing after another, on the thread that asks.
struct HTTPService: Sendable {
  /// How long somebody waits for a server.
  struct Patience: Sendable {
    /// The longest time that an answer may take in all, in seconds.
    var answerSeconds: Double
    /// The pauses after which something is asked again that failed for a moment, in seconds.
    var pausesSeconds: [Double]

    /// A command's, whose user waits for it.
    static let command = Patience(answerSeconds: 30, pausesSeconds: [0.25, 1, 3])
    /// A sweep's, which asks again by itself later.
    static let sweep = Patience(answerSeconds: 8, pausesSeconds: [])
  }

  /// What a server says that does not do what it was asked for.
  struct Refusal: Error {
    var status: Int
    var message: String
    /// The server's own word for it, such as `RESOURCE_DOES_NOT_EXIST`.
    var code: String?
    /// Where the server says that it is now.
    var location: String?
  }

  /// What keeps a server from answering.
  struct Silence: Error, CustomStringConvertible {
    var address: String
    var problem: String
    var isWaitedOut: Bool

    var description: String {
      "no server answers at \(address) (\(problem)): start one by `mlflow server`, or check the address"
        + (address.hasPrefix("https:") ? " and whether this system trusts the server's certificate" : "")
    }
  }

  /// The answers of a server that is only busy or starting, which MLflow's own clients ask again after, too.
  private static let passingStatuses: Set = [408, 429, 500, 502, 503, 504]

  /// Where the server is.
  let address: MLflowAddress
  private let patience: Patience

  init(_ address: MLflowAddress, patience: Patience) {
    self.address = address
    self.patience = patience
  }

  /// Asks for something and waits for the answer.
  ///
  /// - Parameters:
  ///   - method: `GET`, `POST` or `PUT`.
  ///   - path: where, below the server's address.
  ///   - query: what stands behind the path.
  ///   - body: what is sent.
  ///   - type: what kind of data is sent.
  /// - Throws: ``Refusal``; ``Silence`` where nobody answers.
  func answer(
    _ method: String, _ path: String, query: [String: String] = [:], body: Data? = nil,
    type: String = "application/json"
  ) throws -> Data {
    var parts = URLComponents(url: address.base.appendingPathComponent(path), resolvingAgainstBaseURL: false)
    if !query.isEmpty { parts?.queryItems = query.map { URLQueryItem(name: $0.key, value: $0.value) } }
    guard let url = parts?.url else { throw ExchangeError.request("\"\(path)\" is no path of \(address.text)") }
    var request = URLRequest(url: url, timeoutInterval: patience.answerSeconds)
    request.httpMethod = method
    if let body {
      request.httpBody = body
      request.setValue(type, forHTTPHeaderField: "Content-Type")
    }
    if let authorization = address.authorization {
      request.setValue(authorization, forHTTPHeaderField: "Authorization")
    }
    for pause in patience.pausesSeconds {
      do { return try answer(to: request) } catch let refusal as Refusal {
        guard Self.passingStatuses.contains(refusal.status) else { throw refusal }
      } catch let silence as Silence {
        // Who has waited long once does not wait as long again.
        guard !silence.isWaitedOut else { throw silence }
      }
      Thread.sleep(forTimeInterval: pause)
    }
    return try answer(to: request)
  }

  private func answer(to request: URLRequest) throws -> Data {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = patience.answerSeconds
    let answer = Answer()
    // A connection that is kept may have been closed by the server meanwhile, and what is sent into it is lost.
    let session = URLSession(configuration: configuration, delegate: answer, delegateQueue: nil)
    defer { session.invalidateAndCancel() }
    session.dataTask(with: request).resume()
    // A server that sends a byte now and then never leaves a connection idle.
    guard answer.done.wait(timeout: .now() + patience.answerSeconds) == .success else {
      throw Silence(
        address: address.text, problem: "no answer within \(Int(patience.answerSeconds)) s", isWaitedOut: true)
    }
    let content = answer.content
    guard let status = content.status, content.problem == nil else {
      throw Silence(
        address: address.text, problem: content.problem ?? "it closed the connection", isWaitedOut: content.isWaitedOut)
    }
    guard (200..<300).contains(status) else {
      let value = try? JSONValue(parsing: String(decoding: content.data, as: UTF8.self))
      let text = value?["message"]?.stringValue ?? String(decoding: content.data.prefix(200), as: UTF8.self)
      throw Refusal(
        status: status, message: text, code: value?["error_code"]?.stringValue, location: content.location)
    }
    return content.data
  }
}

/// Gathers what a request comes to, on its session's own thread.
private final class Answer: NSObject, URLSessionDataDelegate, Sendable {
  struct Content {
    var data = Data()
    var status: Int?
    var location: String?
    var problem: String?
    var isWaitedOut = false
  }

  /// More than a page of runs ever takes.
  private static let mostBytes = 1 << 28

  let done = DispatchSemaphore(value: 0)
  private let state = Mutex(Content())

  var content: Content { state.withLock { $0 } }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    let isTooMuch = state.withLock { content in
      content.data.append(data)
      guard content.data.count > Self.mostBytes else { return false }
      content.problem = "its answer has no end"
      return true
    }
    if isTooMuch { dataTask.cancel() }
  }

  /// Credentials are for the server that was named, so that nobody is followed to another one.
  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    let location = request.url?.absoluteString
    state.withLock { $0.location = location }
    completionHandler(nil)
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    let status = (task.response as? HTTPURLResponse)?.statusCode
    let problem = error?.localizedDescription
    let isWaitedOut = (error as? URLError)?.code == .timedOut
    state.withLock { content in
      content.status = status
      content.problem = content.problem ?? problem
      content.isWaitedOut = isWaitedOut
    }
    done.signal()
  }
}
