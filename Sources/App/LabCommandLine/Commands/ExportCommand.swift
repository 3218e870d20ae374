import ArgumentParser
import Foundation
import LabCore
import LabONNX
import LabReport
import LabWorkbench

/// The command `labrun export`.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a trained model as an ONNX file, which other programs run.",
    usage: "labrun export <model> <file> [options]",
    discussion: """
      The file takes batches of any size. As it is, it takes images that have been resized and normalized, [batch, \
      channels, height, width], and gives logits. With --raw-images it takes bytes of images of any size, does to them \
      what predict does, and gives probabilities. Weights keep their names; class names, preprocessing and where the \
      weights come from are in its metadata. Numbers are in single precision, whatever the training's were.

      EXAMPLES
        labrun export 3fa9 model.onnx
        labrun export 3fa9 model.onnx --raw-images nhwc
        labrun export weights-best.h5 model.onnx
      """)

  @Argument(help: ArgumentHelp("A run, by the first digits of its identity, or a file of weights.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("The file to write, which ends in .onnx.", valueName: "file"), completion: .file())
  var file: String

  @Option(help: "Which weights of a run: final or best (default: those that its test metrics are of).")
  var weights: TrainedModel.Choice?

  @Option(
    help: ArgumentHelp(
      "Take bytes of images of any size: nhwc ([batch, height, width, channels], as decoders give them) or nchw.",
      valueName: "layout"))
  var rawImages: ImageIntake.Layout?

  @OptionGroup var resultsOptions: ResultsOptions

  func validate() throws {
    guard (file as NSString).pathExtension.lowercased() == "onnx" else {
      throw ValidationError("a model is written to a file that ends in .onnx, but \"\(file)\" was given")
    }
  }

  func run() throws {
    let workbench = Workbench(say: Terminal.sayBeside)
    let model = try TrainedModel(model, choice: weights, results: resultsOptions.folder, workbench: workbench)
    let export = try model.onnx(rawImages: rawImages)
    try AtomicFile.write(export.data, to: file)
    Terminal.standardError.note(
      "\(file): \(model.name), \(input(of: model)), \(model.card.classNames.count) "
        + "\(rawImages == nil ? "logits" : "probabilities") out; "
        + "\(NumberText.grouped(export.weightByteCount / 4)) weights, \(NumberText.bytes(export.data.count))")
    guard !export.unusedVariables.isEmpty else { return }
    let names = export.unusedVariables
    Terminal.standardError.note(
      "left out, since no prediction depends on \(names.count == 1 ? "it" : "them"): \(names.joined(separator: ", "))")
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
