import Foundation

/// Another program that makes one file of another.
package struct FigureConverter: Sendable {
  private let program: String
  private let remedy: String
  private let patience: Double

  /// Creates a converter.
  ///
  /// - Parameters:
  ///   - program: the name of the program, which `PATH` finds.
  ///   - remedy: how it is installed, for the message that it is not.
  ///   - patience: how long it may take in seconds; the largest figure takes a few.
  package init(program: String, remedy: String, patience: Double = 60) {
    self.program = program
    self.remedy = remedy
    self.patience = patience
  }

  /// Has the program convert a picture.
  ///
  /// - Parameters:
  ///   - picture: the picture as SVG.
  ///   - format: the format that it becomes.
  ///   - arguments: the program's arguments.
  ///   - namesFiles: whether `--output`, the target and the source are arguments behind these.
  /// - Throws: ``FigureError`` where the program is not there, fails, or does not end.
  package func convert(
    _ picture: Data, to format: String, arguments: [String], namesFiles: Bool = true
  ) throws(FigureError) -> Data {
    guard let executable else { throw .missingConverter(program: program, format: format, remedy: remedy) }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("labrun-figure-\(UUID().uuidString)")
    let (source, target) = (folder.appendingPathComponent("in.svg"), folder.appendingPathComponent("out.\(format)"))
    defer { try? FileManager.default.removeItem(at: folder) }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try picture.write(to: source)
      let files = namesFiles ? ["--output", target.path, source.path] : []
      if let reason = try run(executable, arguments + files, messages: folder.appendingPathComponent("messages.txt")) {
        throw FigureError.failedConversion(program: program, format: format, reason: reason)
      }
      return try Data(contentsOf: target)
    } catch let error as FigureError {
      throw error
    } catch {
      throw .failedConversion(program: program, format: format, reason: error.localizedDescription)
    }
  }

  /// Runs the program to its end, and says what went wrong.
  private func run(_ executable: URL, _ arguments: [String], messages: URL) throws -> String? {
    // What it says goes into a file: a pipe that nobody empties would stop it.
    try Data().write(to: messages)
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: messages)
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    guard ended.wait(timeout: .now() + patience) == .success else {
      process.terminate()
      if ended.wait(timeout: .now() + 2) != .success { kill(process.processIdentifier, SIGKILL) }
      return "it did not end within \(NumberText.seconds(patience))"
    }
    guard process.terminationStatus != 0 else { return nil }
    let said = String(decoding: (try? Data(contentsOf: messages)) ?? Data(), as: UTF8.self).singleLine
    return "it ended with status \(process.terminationStatus)" + (said.isEmpty ? "" : ": \(said)")
  }

  /// Where the program is.
  private var executable: URL? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
      .map { URL(fileURLWithPath: String($0)).appendingPathComponent(program) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
