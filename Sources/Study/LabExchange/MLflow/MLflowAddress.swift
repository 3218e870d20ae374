import Foundation

/// Where an MLflow server is, and who asks it.
///
/// Who asks is said as for MLflow's own clients: in the address, by `MLFLOW_TRACKING_USERNAME` with
/// `MLFLOW_TRACKING_PASSWORD`, or by `MLFLOW_TRACKING_TOKEN`; the first of these that is there.
public struct MLflowAddress: Sendable {
  /// The address without credentials, for messages.
  public let text: String
  /// Whether a name or a password stands in the address itself.
  public let hasCredentials: Bool

  let base: URL
  /// The header by which the server knows who asks.
  let authorization: String?

  /// Reads an address.
  ///
  /// - Parameters:
  ///   - text: such as `http://localhost:5000`.
  ///   - environment: the variables of the process.
  /// - Throws: ``ExchangeError/request(_:)`` where it is none.
  public init(_ text: String, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
    guard var parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme?.lowercased() ?? ""),
      parts.host?.isEmpty == false
    else {
      throw ExchangeError.request(
        "expected the address of an MLflow server, such as http://localhost:5000, but \"\(text)\" was given")
    }
    func given(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    hasCredentials = parts.user != nil || parts.password != nil
    if hasCredentials {
      authorization = Self.basic(parts.user ?? "", parts.password ?? "")
    } else if let name = given("MLFLOW_TRACKING_USERNAME"), let password = given("MLFLOW_TRACKING_PASSWORD") {
      authorization = Self.basic(name, password)
    } else {
      authorization = given("MLFLOW_TRACKING_TOKEN").map { "Bearer \($0)" }
    }
    guard parts.query == nil, parts.fragment == nil else {
      parts.user = nil
      parts.password = nil
      throw ExchangeError.request(
        "the address of an MLflow server ends with its path, but \"\(parts.string ?? "it")\" goes on behind it")
    }
    (parts.user, parts.password) = (nil, nil)
    while parts.path.hasSuffix("/") { parts.path.removeLast() }
    guard let base = parts.url else { throw ExchangeError.request("\"\(parts.path)\" is no address") }
    self.base = base
    self.text = base.absoluteString
  }

  private static func basic(_ name: String, _ password: String) -> String {
    "Basic " + Data("\(name):\(password)".utf8).base64EncodedString()
  }
}
