import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A helper process whose output survives its violent end.
final class ChildProcess {
  private let process = Process()
  private let input = Pipe()
  private let outputPath: String

  /// Starts `StoreCrasher` with arguments, or a shell script in which `$0` is `StoreCrasher`.
  init(_ arguments: [String] = [], script: String? = nil, outputIn folder: TestFolder) throws {
    outputPath = folder.path("output-\(UUID().uuidString).txt")
    #expect(FileManager.default.createFile(atPath: outputPath, contents: nil))
    if let script {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", script, ChildProcess.executable.path] + arguments
    } else {
      process.executableURL = ChildProcess.executable
      process.arguments = arguments
    }
    process.standardInput = input
    let output = try FileHandle(forWritingTo: URL(fileURLWithPath: outputPath))
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try output.close()
  }

  var pid: Int32 { process.processIdentifier }

  /// What the process has said so far, line by line.
  var lines: [String] {
    let text = (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? ""
    // A line that was cut short by the process's end was not said.
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }

  func say(_ line: String) { input.fileHandleForWriting.write(Data((line + "\n").utf8)) }

  /// Waits until the process says a line; gives up after a minute.
  func wait(for line: String) -> Bool { wait { $0 == line } }

  /// Waits until the process says a line of a kind; gives up after a minute.
  func wait(until isAwaited: (String) -> Bool) -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      if lines.contains(where: isAwaited) { return true }
      if !process.isRunning { return lines.contains(where: isAwaited) }
      usleep(2000)
    }
    return false
  }

  /// Ends the process as `kill -9` does.
  func kill() {
    _ = signalled(SIGKILL)
    process.waitUntilExit()
  }

  func waitUntilExit() { process.waitUntilExit() }

  private func signalled(_ signal: Int32) -> Int32 {
    #if canImport(Glibc)
      Glibc.kill(pid, signal)
    #else
      Darwin.kill(pid, signal)
    #endif
  }

  /// The helper, which the build places beside the tests.
  static let executable: URL = {
    #if os(Linux)
      let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    #else
      let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL ?? Bundle.main.bundleURL
    #endif
    return tests.deletingLastPathComponent().appendingPathComponent("StoreCrasher")
  }()
}

/// A temporary folder that is removed with the object.
final class TestFolder {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "labrun-tests-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    chmod(path, 0o755)
    try? FileManager.default.removeItem(atPath: path)
  }

  func path(_ name: String) -> String { "\(path)/\(name)" }

  /// The names of all files below the folder.
  var files: [String] { (try? FileManager.default.subpathsOfDirectory(atPath: path).sorted()) ?? [] }
}
