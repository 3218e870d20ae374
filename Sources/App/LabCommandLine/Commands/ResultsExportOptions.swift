import ArgumentParser
import LabExchange
import LabRecords
import LabStore
import LabWorkbench

/// How a sweep's results are given to other programs: `labrun export SWEEP DESTINATION --to FORMAT`.
struct ResultsExportOptions: ParsableArguments {
  static let formats = ExportFormats.registry.entries.map { "  \($0.name): \($0.summary)." }.joined(separator: "\n")

  @Option(
    help: ArgumentHelp(
      "Write a sweep's results: \(ExportFormats.registry.names.joined(separator: ", ")).", valueName: "format"))
  var to: String?

  @Flag(help: "Write what runs predict for each test image, too (csv, jsonl).")
  var predictions = false

  /// Exports a sweep.
  ///
  /// - Parameters:
  ///   - name: the sweep's number or name.
  ///   - destination: a folder, a file, or where a server is.
  ///   - results: the results folder.
  func export(_ name: String, as formatName: String, to destination: String, results: String) throws {
    let format = try ExportFormats.named(formatName)
    if predictions, !format.takesPredictions {
      let others = ExportFormats.registry.entries.filter(\.takesPredictions).map(\.name).joined(separator: ", ")
      throw CommandError("--predictions goes with --to \(others); \(format.name) has no place for them")
    }
    let store = try StudyStore(reading: results)
    let sweep = try store.sweep(matching: name)
    let exported = ExportedResults(
      sweep: sweep, epochs: { try store.epochs(of: $0) }, final: { try store.finalRecord(of: $0) },
      predictions: { identity in
        let folder = store.folder(of: identity)
        return folder.has(.predictions) ? try folder.readPredictions() : nil
      },
      files: { identity in
        let folder = store.folder(of: identity)
        return [RunFolder.File.finalWeights, .bestWeights, .predictions].filter(folder.has).map(folder.path)
      })
    let sentences = try format.export(
      exported, to: destination, options: .init(includesPredictions: predictions))
    for sentence in sentences { Terminal.standardOutput.note(sentence) }
  }
}
