import Foundation
import LabCore
import LabRecords
import LabStudy
import LabWorkbench

/// Makes a spec of somebody's program for `labrun init --command`.
struct ProgramStarter {
  private let words: [String]
  private let patterns: [String]
  private let isPercent: Bool
  private let seconds: Double

  /// Reads what the command line says.
  ///
  /// - Parameters:
  ///   - command: the command as a shell's user writes it.
  ///   - patterns: how lines look that the program prints with metrics.
  ///   - isPercent: whether their numbers are printed in percent.
  ///   - seconds: how long the program may take to tell its options.
  init(_ command: String, patterns: [String], isPercent: Bool, seconds: Double) throws {
    do {
      words = try ProgramCommand(shell: command).words
    } catch {
      throw CommandError("--command: \(error)")
    }
    for pattern in patterns {
      let names = ProgramCommand.placeholders(of: pattern)
      guard !names.isEmpty, names.allSatisfy(MetricName.isReportable) else {
        throw CommandError(
          "--pattern: expected text with a metric's name in braces, such as \"test acc: {test_accuracy}\", found \"\(pattern)\""
        )
      }
    }
    guard !isPercent || !patterns.isEmpty else {
      throw CommandError("--percent says how the metrics of --pattern are printed; give both")
    }
    guard seconds > 0, seconds <= 86_400 else {
      throw CommandError("--time-limit: expected seconds above 0 and at most 86400, found \(seconds.formatted())")
    }
    self.patterns = patterns
    self.isPercent = isPercent
    self.seconds = seconds
  }

  /// The name of a study that is given none: that of the script.
  var standardName: String {
    let file = words.dropFirst().first {
      !$0.hasPrefix("-") && $0.contains(".") && FileManager.default.fileExists(atPath: $0)
    }
    let stem = ((file ?? words[0]) as NSString).lastPathComponent.split(separator: ".").first.map(String.init) ?? ""
    return StudySpec.isUsableName(stem) ? stem : "my-study"
  }

  /// Asks the program, and makes the spec.
  ///
  /// - Parameter folder: the folder of the spec, in which the program is started; empty for this one.
  func draft(folder: String) throws -> ProgramDraft {
    let words = Self.paths(of: words, from: folder)
    let place = folder.isEmpty ? "." : folder
    // A folder that is not there yet has nothing that a program could be started in.
    let isThere = FileManager.default.fileExists(atPath: place)
    let stop = StopSignal()
    let interrupts = InterruptHandler(raising: stop) { _ in }
    let answer = try withExtendedLifetime(interrupts) {
      try ProgramInquiry(isThere ? words : self.words, folder: isThere ? place : ".", atMost: seconds).answer(
        stop: stop)
    }
    guard let answer else { throw CommandError("stopped; nothing was written", status: .interrupted) }
    if let problem = answer.problem { Terminal.standardError.note("labrun: \(problem)") }
    let files = ProgramSources(isThere ? words : self.words, folder: isThere ? place : ".")
    return ProgramDraft(
      .init(
        command: words, help: answer.help,
        sources: isThere ? files.sources : Self.paths(of: files.sources, from: folder),
        inputs: isThere ? files.inputs : Self.paths(of: files.inputs, from: folder), patterns: patterns,
        isPercent: isPercent))
  }

  /// Says what came of it.
  static func say(_ draft: ProgramDraft) {
    let out = Terminal.standardOutput
    if !draft.parameterNames.isEmpty { out.note("parameters: \(draft.parameterNames.joined(separator: ", "))") }
    if let factor = draft.factor {
      let others = draft.proposedFactors
      out.note(
        "factor: \(factor.name) (\(factor.levels.joined(separator: ", ")))"
          + (others.isEmpty ? "" : "; others that the program offers: \(others.joined(separator: ", "))"))
    } else {
      out.note("factor: none, since no option with choices is known; the spec says how to name one")
    }
    if let option = draft.seedOption {
      out.note("seed: \(option)")
    } else if !draft.usesClient {
      out.note("seed: no option is known; the program has to read LABRUN_SEED, or runs only repeat")
    }
    if !draft.folderOptions.isEmpty { out.note("folder of a run: \(draft.folderOptions.joined(separator: ", "))") }
    for (name, reason) in draft.leftOut { out.note("left out: \(name): \(reason)") }
    if !draft.namesMetrics, !draft.usesClient {
      out.note("metrics: the spec says how to name what the program prints; --pattern does so here")
    }
  }

  /// Words that are paths from here, as paths from another folder.
  private static func paths(of words: [String], from folder: String) -> [String] {
    let base = folder.absolutePath.split(separator: "/")
    let here = "".absolutePath.split(separator: "/")
    guard base != here else { return words }
    return words.enumerated().map { index, word in
      let fixed = word.split(separator: "/").prefix { !$0.contains("*") }.joined(separator: "/")
      guard !word.hasPrefix("/"), !word.hasPrefix("-"), index > 0 || word.contains("/") || word.contains("."),
        !fixed.isEmpty, FileManager.default.fileExists(atPath: fixed)
      else { return word }
      let target = word.absolutePath.split(separator: "/")
      let common = zip(base, target).prefix { $0 == $1 }.count
      return (Array(repeating: "..", count: base.count - common) + target[common...].map(String.init))
        .joined(separator: "/")
    }
  }
}
