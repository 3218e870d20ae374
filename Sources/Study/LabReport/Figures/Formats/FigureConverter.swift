import Foundation
import LabCore

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
    guard let executable = ProcessLaunch.path(of: program) else {
      throw .missingConverter(program: program, format: format, remedy: remedy)
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("labrun-figure-\(UUID().uuidString)")
    let (source, target) = (folder.appendingPathComponent("in.svg"), folder.appendingPathComponent("out.\(format)"))
    defer { try? FileManager.default.removeItem(at: folder) }
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try picture.write(to: source)
      let files = namesFiles ? ["--output", target.path, source.path] : []
      if let reason = try run([executable] + arguments + files) {
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
  private func run(_ words: [String]) throws -> String? {
    let answer = try LimitedProcess(words).run(atMost: patience)
    let said = String(decoding: answer.errors, as: UTF8.self).singleLine
    let ending = said.isEmpty ? "" : ": \(said)"
    switch answer.end {
    case .exit(status: 0): return nil
    case .exit(let status): return "it ended with status \(status)\(ending)"
    case .signal(let number): return "it was ended by signal \(number)\(ending)"
    case .timeUp, .stopped: return "it did not end within \(NumberText.seconds(patience))"
    }
  }
}
