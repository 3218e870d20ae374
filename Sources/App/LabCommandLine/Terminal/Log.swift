import Foundation
import LabWorkbench
import Logging

/// What the program tells about its own working, for those who look for a defect or for lost time: nothing unless
/// `LABRUN_LOG` names a level of swift-log, such as `debug`.
enum Log {
  /// When the program started, but for the loading of its libraries.
  static let start = ContinuousClock.now

  private static let logger: Logger = {
    var logger = Logger(label: "labrun") { _ in TerminalLogHandler() }
    let level = ProcessInfo.processInfo.environment["LABRUN_LOG"].flatMap { Logger.Level(rawValue: $0.lowercased()) }
    logger.logLevel = level ?? .critical
    return logger
  }()

  /// Logs what has been reached, with the time since the program's start.
  static func debug(_ text: @autoclosure () -> String) {
    logger.debug("\(text()) after \(String(format: "%.3f", (ContinuousClock.now - start).seconds)) s")
  }
}

/// Writes log messages as lines on standard error, as everything is printed.
private struct TerminalLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.critical

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    Terminal.standardError.note("\(Date.now.ISO8601Format()) \(event.level) labrun: \(event.message)")
  }
}
