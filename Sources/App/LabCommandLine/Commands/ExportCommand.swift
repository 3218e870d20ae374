import ArgumentParser
import Foundation
import LabCore
import LabONNX
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// The command `labrun export`.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract:
      "Give a trained model or a sweep's results to other programs or machines: ONNX, tables, TensorBoard, MLflow, tar.",
    usage: """
      labrun export <model> <file>.onnx [options]
      labrun export <sweep> <destination> --to <format> [--predictions]
      labrun export <sweep> <file>.tar
      """,
    discussion: """
      A MODEL

      The file takes batches of any size. As it is, it takes images that have been resized and normalized, [batch, \
      channels, height, width], and gives logits. With --raw-images it takes bytes of images of any size, does to them \
      what predict does, and gives probabilities. Weights keep their names; class names, preprocessing and where the \
      weights come from are in its metadata. Numbers are in single precision, whatever the training's were.

      A SWEEP'S RESULTS

      All that is on record of a sweep's runs goes along: levels, seeds, states, every metric, every epoch. Numbers are \
      written so that reading them gives the same ones, and labrun import reads what csv has written.

      \(ResultsExportOptions.formats)

      A SWEEP FOR ANOTHER MACHINE

      A file that ends in .tar is a results folder with one sweep, all of its runs and their files, each compared with its \
      seal. labrun merge takes it in, and any tar unpacks it.

      EXAMPLES
        labrun export 3fa9 model.onnx
        labrun export 3fa9 model.onnx --raw-images nhwc
        labrun export weights-best.h5 model.onnx
        labrun export ablation exported --to csv
        labrun export ablation runs.csv --to csv        # the runs alone
        labrun export ablation exported --to jsonl --predictions
        labrun export ablation events --to tensorboard
        labrun export ablation http://localhost:5000 --to mlflow
        labrun export ablation ablation.tar
      """)

  @Argument(
    help: ArgumentHelp(
      "A run, by the first digits of its identity, or a file of weights; with --to or .tar, a sweep's number or name.",
      valueName: "source"))
  var source: String

  @Argument(
    help: ArgumentHelp(
      "The file to write, which ends in .onnx or .tar; with --to, a folder, a file or a server.",
      valueName: "destination"),
    completion: .file())
  var destination: String

  @Option(help: "Which weights of a run: final or best (default: those that its test metrics are of).")
  var weights: TrainedModel.Choice?

  @Option(
    help: ArgumentHelp(
      "Take bytes of images of any size: nhwc ([batch, height, width, channels], as decoders give them) or nchw.",
      valueName: "layout"))
  var rawImages: ImageIntake.Layout?

  @OptionGroup var resultsExport: ResultsExportOptions
  @OptionGroup(title: "Weights from elsewhere") var plainWeightsOptions: PlainWeightsOptions
  @OptionGroup var resultsOptions: ResultsOptions

  func validate() throws {
    if resultsExport.to != nil || isArchive {
      if resultsExport.to == nil, resultsExport.predictions {
        throw ValidationError("--predictions goes with --to; an archive has all files of runs, predictions among them.")
      }
      guard weights == nil, rawImages == nil, !plainWeightsOptions.saysSomething else {
        throw ValidationError(
          "--weights, --raw-images and what describes weights from elsewhere are of models, and --to and .tar write a "
            + "sweep's results.")
      }
      return
    }
    guard !resultsExport.predictions else {
      throw ValidationError("--predictions is of a sweep's results, which --to writes, such as --to csv.")
    }
    guard (destination as NSString).pathExtension.lowercased() == "onnx" else {
      throw ValidationError(
        "a model is written to a file that ends in .onnx, but \"\(destination)\" was given; a sweep's results are written "
          + "by --to, such as --to csv, or to a file that ends in .tar")
    }
  }

  func run() throws {
    if let format = resultsExport.to {
      return try resultsExport.export(source, as: format, to: destination, results: resultsOptions.folder)
    }
    if isArchive { return try writeArchive() }
    let workbench = Workbench(say: Terminal.sayBeside)
    let model = try TrainedModel(
      source, choice: weights, results: resultsOptions.folder, workbench: workbench,
      description: plainWeightsOptions.description())
    let export = try model.onnx(rawImages: rawImages)
    try AtomicFile.write(export.data, to: destination)
    Terminal.standardError.note(
      "\(destination): \(model.name), \(input(of: model)), \(model.card.classNames.count) "
        + "\(rawImages == nil ? "logits" : "probabilities") out; "
        + "\(NumberText.grouped(export.weightByteCount / 4)) weights, \(NumberText.bytes(export.data.count))")
    guard !export.unusedVariables.isEmpty else { return }
    let names = export.unusedVariables
    Terminal.standardError.note(
      "left out, since no prediction depends on \(names.count == 1 ? "it" : "them"): \(names.joined(separator: ", "))")
  }

  /// Whether a sweep is written with all files of its runs.
  private var isArchive: Bool {
    resultsExport.to == nil && (destination as NSString).pathExtension.lowercased() == ResultsArchive.fileExtension
  }

  private func writeArchive() throws {
    let store = try StudyStore(reading: resultsOptions.folder)
    let sweep = try store.sweep(matching: source)
    let progress = ProgressLine()
    let update = progress.updates("writing \(destination)")
    defer { progress.close() }
    let report = try ResultsArchive.write([sweep.id ?? 0], of: store, to: destination) { update($0.share) }
    progress.close()
    let size = (try? FileManager.default.attributesOfItem(atPath: destination)[.size] as? Int) ?? 0
    let states = RunState.allCases.reversed().compactMap { state in
      report.taken[state].map { "\($0) \(state.rawValue)" }
    }
    Terminal.standardOutput.note(
      "\(destination): sweep \(sweep.name) with \(report.taken.values.reduce(0, +)) of \(Set(sweep.runs.map(\.identity)).count) "
        + "runs\(states.isEmpty ? "" : " (\(states.joined(separator: ", ")))"), \(NumberText.bytes(size)); "
        + "labrun merge takes it in")
    for item in report.leftOut { Terminal.standardOutput.note("  \(item.label) \(item.text): left out") }
    for note in report.notes { Terminal.standardOutput.note("  \(note)") }
    for item in report.damaged { Terminal.standardError.note("warning: \(item.label) \(item.text)") }
    if !report.damaged.isEmpty { throw ExitCode(ExitStatus.badData.rawValue) }
  }

  private func input(of model: TrainedModel) -> String {
    let shape = model.card.preprocessing.imageShape
    return switch rawImages {
    case nil: "images [batch, \(shape.channels), \(shape.height), \(shape.width)] in"
    case .channelsLast: "bytes [batch, height, width, \(shape.channels)] in"
    case .channelsFirst: "bytes [batch, \(shape.channels), height, width] in"
    }
  }
}

extension ImageIntake.Layout: ExpressibleByArgument {}
