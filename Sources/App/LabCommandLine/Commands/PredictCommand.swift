import ArgumentParser
import Foundation
import LabCore
import LabData
import LabReport
import LabServe
import LabWorkbench

/// The command `labrun predict`.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Classify images with a trained model.",
    usage: """
      labrun predict <model> <image> ... [options]
      labrun predict <run> --open
      """,
    discussion: """
      Images are PNG, JPEG, PPM, PGM or BMP files of any size, folders of them, or the images of an HDF5 file. They are \
      resized and normalised as in training; what that takes is stored with the weights. Images in a folder that is \
      named like a class, and those of an HDF5 file with labels, are taken to be of that class: metrics are then \
      printed. --open shows a page in a browser instead, which takes images that are dropped on it, and shows what the \
      model looks at; only this machine reaches it, and Ctrl-C ends it.

      EXAMPLES
        labrun predict 3fa9 sign.jpg
        labrun predict weights-final.h5 photos/ --top 3
        labrun predict 3fa9 test/ --format csv > predictions.csv
        labrun predict 3fa9 --open
        labrun predict 3fa9 gtsrb_32.h5 --summary --logits logits.h5
        labrun predict resnet50.pth photos/ --model resnet50 \\
          --classes imagenet.txt --mean imagenet --std imagenet
      """)

  @Argument(help: ArgumentHelp("A run, by the first digits of its identity, or a file of weights.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("Image files, folders, or one HDF5 file.", valueName: "image"), completion: .file())
  var images: [String] = []

  @Flag(help: "Open a page in a browser that takes images, at any free port of this machine.") var open = false

  @Option(help: ArgumentHelp("How many of the most probable classes to print.", valueName: "count"))
  var top: Int?

  @Flag(help: "Print metrics only, no row for each image.") var summary = false

  @Option(
    help: ArgumentHelp("Write logits, labels and losses to a .h5 or .csv file.", valueName: "file"),
    completion: .file())
  var logits: String?

  @Option(
    help: ArgumentHelp("The images within an HDF5 file (default: test/images, else images).", valueName: "name"))
  var datasetName: String?

  @OptionGroup var formatOptions: TableFormatOptions
  @OptionGroup var inferenceOptions: InferenceOptions
  @OptionGroup(title: "Weights from elsewhere") var plainWeightsOptions: PlainWeightsOptions
  @OptionGroup var resultsOptions: ResultsOptions

  func validate() throws {
    if open { return try checkOpening() }
    guard !images.isEmpty else { throw ValidationError("name at least one image, folder or HDF5 file") }
    guard (top ?? 1) > 0 else { throw ValidationError("--top takes at least 1") }
  }

  /// Checks that nothing is given that the page does not know.
  private func checkOpening() throws {
    let others: [(option: String, isGiven: Bool)] = [
      ("an image", !images.isEmpty), ("--top", top != nil), ("--summary", summary), ("--logits", logits != nil),
      ("--dataset-name", datasetName != nil), ("--format", formatOptions.format != nil), ("--json", formatOptions.json),
      ("--weights", inferenceOptions.weights != nil), ("--batch-size", inferenceOptions.batchSize != nil),
      ("--threads", inferenceOptions.threads != nil), ("--model", plainWeightsOptions.saysSomething),
    ]
    if let other = others.first(where: \.isGiven) {
      throw ValidationError("--open shows a page of the run's model, so \(other.option) does nothing.")
    }
  }

  func run() throws {
    guard !open else {
      var options = WindowServer.Options(results: resultsOptions.folder, port: 0)
      options.onlyRun = model
      return try ServeCommand.serve(options, opens: true)
    }
    let format = try formatOptions.chosen()
    let workbench = Workbench(say: Terminal.sayBeside)
    let model = try TrainedModel(
      model, choice: inferenceOptions.weights, results: resultsOptions.folder, workbench: workbench,
      description: plainWeightsOptions.description())
    let images = try PredictedImages.collection(
      images, datasetName: datasetName, classNames: model.card.classNames)
    let predictor = try model.predictor(
      batchSize: inferenceOptions.batchSize, imageCount: images.count, threads: inferenceOptions.threadCount,
      workbench: workbench)
    let start = ContinuousClock.now
    let output = try predictor.logits(of: images)
    let seconds = (ContinuousClock.now - start).seconds
    for failure in output.failures { Terminal.standardError.note("labrun: \(failure)") }
    let result = Classification(output, of: images, by: model)
    if let logits { try result.write(to: logits) }
    try show(result, of: model, as: format)
    Terminal.standardError.note(
      "\(NumberText.grouped(images.count)) \(images.count == 1 ? "image" : "images") in \(NumberText.seconds(seconds)), "
        + "\(NumberText.rate(Double(images.count) / seconds)) images/s")
    guard output.failures.isEmpty else {
      throw CommandError("\(output.failures.count) of \(images.count) images could not be read", status: .badData)
    }
  }

  private func show(_ result: Classification, of model: TrainedModel, as format: any TableFormat) throws {
    let output = Terminal.standardOutput
    let report = try result.report(title: "\(model.name) on images whose class is known")
    if !summary {
      var table = result.table(title: model.name, top: top ?? 5)
      if let report { table.metadata["evaluation"] = report.json }
      output.write(table, as: format, showsLegend: false)
      // Where one table is all, the metrics of the JSON form are in its metadata.
      guard format.takesSeveralTables else { return }
    }
    guard let report else {
      if summary { Terminal.standardError.note("no image's class is known, so there are no metrics") }
      return
    }
    if !summary { output.write("\n") }
    output.write(report, as: format)
  }
}
