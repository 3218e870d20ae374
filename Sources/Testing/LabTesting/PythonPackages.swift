import Foundation

/// Python with packages that tests compare with and that no machine needs to have.
package enum PythonPackages {
  /// A Python that has packages: the one that `LABRUN_TEST_PYTHON` names, else what `make python` made, else `python3`.
  ///
  /// - Parameter packages: what is imported, separated by commas.
  /// - Returns: nil where there is none.
  package static func interpreter(importing packages: String) -> String? {
    let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/").dropFirst()
    let named = ProcessInfo.processInfo.environment["LABRUN_TEST_PYTHON"]
    let candidates = named.map { [$0] } ?? ["\(root)/.build/python/bin/python", "python3"]
    return candidates.first { (try? run($0, ["-c", "import \(packages)"]))?.status == 0 }
  }

  /// Why a test that needs packages is skipped.
  package static func missing(_ packages: String) -> String {
    "no Python has the packages \(packages); `make python` installs them below .build, and LABRUN_TEST_PYTHON names a Python"
  }

  /// Runs a Python to its end.
  package static func run(
    _ python: String, _ arguments: [String]
  ) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python] + arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // Messages are short enough for the pipe; what is printed may not be.
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let messages = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self), String(decoding: messages, as: UTF8.self))
  }
}
