import Foundation
import LabCore
import Testing

/// The program as a user starts it, in a folder of its own.
struct Labrun {
  /// What a process printed and how it ended.
  struct Result {
    var status: Int32
    var output: String
    var errors: String
  }

  /// The working folder.
  let folder: URL
  /// Results, relative to the folder.
  let results = "Results"

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("labrun-cli-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("Experiments"), withIntermediateDirectories: true)
  }

  /// Removes the folder.
  func remove() { try? FileManager.default.removeItem(at: folder) }

  /// The program that was built with the tests.
  static let executable: URL = {
    var candidate = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    // The test bundle lies beside the products, on some platforms some folders below them.
    for _ in 0..<6 {
      candidate.deleteLastPathComponent()
      let program = candidate.appendingPathComponent("labrun")
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: program.path, isDirectory: &isFolder), !isFolder.boolValue {
        return program
      }
    }
    return URL(fileURLWithPath: ".build/release/labrun")
  }()

  /// Writes a spec.
  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: folder.appendingPathComponent(name))
  }

  /// Starts the program.
  ///
  /// - Parameters:
  ///   - variables: environment variables beside, or in place of, those that every start has.
  ///   - preparation: a shell command that comes before, such as one that sets a limit.
  func start(
    _ arguments: [String], variables: [String: String] = [:], after preparation: String? = nil
  ) throws -> (process: Process, output: Pipe, errors: Pipe) {
    let process = process(arguments, variables: variables, after: preparation)
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    Self.limit(process)
    return (process, output, errors)
  }

  /// Ends a process that does not end by itself: a test that hangs fails with the command's name.
  static func limit(_ process: Process) {
    // Whoever waits for the process keeps it; here, hundreds of them would keep their pipes open for that long.
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(limitSeconds)) { [weak process] in
      guard let process, process.isRunning else { return }
      Issue.record("this has not ended in \(limitSeconds) s: labrun \(process.arguments?.joined(separator: " ") ?? "")")
      kill(process.processIdentifier, SIGKILL)
    }
  }

  /// Many times what the slowest command takes beside other tests.
  private static let limitSeconds = 900

  /// The program, ready to be started.
  func process(
    _ arguments: [String], variables: [String: String] = [:], after preparation: String? = nil
  ) -> Process {
    let process = Process()
    process.executableURL = Labrun.executable
    process.arguments = arguments
    if let preparation {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", preparation + "; exec \"$0\" \"$@\"", Labrun.executable.path] + arguments
    }
    process.currentDirectoryURL = folder
    // Settings of whoever runs the tests are not the user's.
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("LABRUN_") }
    environment["LABRUN_CACHE"] = FileManager.default.temporaryDirectory.appendingPathComponent("labrun-cli-cache").path
    environment["NO_COLOR"] = "1"
    environment["COLUMNS"] = "120"
    process.environment = environment.merging(variables) { _, own in own }
    return process
  }

  /// Runs the program to its end.
  func run(
    _ arguments: String..., variables: [String: String] = [:], after preparation: String? = nil
  ) throws -> Result {
    try run(arguments, variables: variables, after: preparation)
  }

  /// Runs the program to its end.
  func run(
    _ arguments: [String], variables: [String: String] = [:], after preparation: String? = nil
  ) throws -> Result {
    let started = try start(arguments, variables: variables, after: preparation)
    // Standard error is short enough for the pipe; standard output may not be.
    let output = started.output.fileHandleForReading.readDataToEndOfFile()
    let errors = started.errors.fileHandleForReading.readDataToEndOfFile()
    started.process.waitUntilExit()
    return Result(
      status: started.process.terminationStatus, output: String(decoding: output, as: UTF8.self),
      errors: String(decoding: errors, as: UTF8.self))
  }

  /// A spec of two variants on generated images; small, but with every part of a real one.
  static func spec(name: String = "tiny", trainCount: Int = 86, epochs: Int = 2, seeds: String = "[0]") -> String {
    """
    {
      "name": "\(name)",
      "dataset": { "name": "synthetic-signs", "train_count": \(trainCount), "test_count": 86, "image_size": 16 },
      "model": { "architecture": "resnet", "depth": 8, "width": 16 },
      "training": { "epochs": \(epochs), "batch_size": 16, "learning_rate": 0.05, "augmentation": "crop-flip" },
      "factors": { "conv": ["static", "odconv-1x"] },
      "baseline": { "conv": "static" },
      "seeds": \(seeds),
      "execution": { "workers": 2, "checkpoint_every_seconds": 0.05 }
    }
    """
  }
}
