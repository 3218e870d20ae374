import ArgumentParser
import LabCore
import LabReport
import LabWorkbench

/// The command `labrun explain`.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Show where in images a trained model sees a class, and what its dynamic convolutions make of them.",
    usage: """
      labrun explain <model> <image> ... --out <folder> [options]
      labrun explain <model> --layer list
      """,
    discussion: """
      Of each image two pictures are written, with a heat map over the image (Grad-CAM) and with the image beside it, and \
      explanations.json with all numbers: probabilities, maps, attentions. The map says how much each pixel of a \
      convolution's output speaks for a class, from 0 to 1: channels count by the mean gradient of the class's logit, \
      and what speaks against the class counts as nothing. Images are read, resized and normalised as by predict, and \
      probabilities are the same.

      Of dynamic convolutions the attentions for each image are printed: the weights of their kernels, and of channels, \
      filters and taps the least, mean and largest weight, and the one that differs most from its mean over the images.

      EXAMPLES
        labrun explain 3fa9 sign.jpg --out overlays
        labrun explain 3fa9 photos/ --out overlays --class "give way"
        labrun explain 3fa9 --layer list                 # the convolutions that can be looked at
        labrun explain 3fa9 photos/ --out early --layer layer1.0.conv2
        labrun explain resnet50.pth photos/ --out overlays --model resnet50 \\
          --classes imagenet.txt --mean imagenet --std imagenet
      """)

  /// The name in the place of a layer's that asks for all of them.
  private static let allLayers = "list"

  @Argument(help: ArgumentHelp("A run, by the first digits of its identity, or a file of weights.", valueName: "model"))
  var model: String

  @Argument(help: ArgumentHelp("Image files, folders, or one HDF5 file.", valueName: "image"), completion: .file())
  var images: [String] = []

  @Option(
    help: ArgumentHelp("The folder to write to, made where it is missing.", valueName: "folder"),
    completion: .directory)
  var out: String?

  @Option(
    help: ArgumentHelp(
      "The convolution whose output is looked at; list shows all (default: the last with more than one pixel).",
      valueName: "name"))
  var layer: String?

  @Option(
    name: .customLong("class"),
    help: ArgumentHelp(
      "The class that is looked for, by name or number from 0 (default: the most probable of each image).",
      valueName: "name"))
  var className: String?

  @Option(
    help: ArgumentHelp("The images within an HDF5 file (default: test/images, else images).", valueName: "name"))
  var datasetName: String?

  @Flag(help: "Overwrite pictures and numbers that are in the folder already.") var force = false

  @Flag(help: "Print all numbers as JSON, the content of explanations.json.") var json = false

  @OptionGroup var inferenceOptions: InferenceOptions
  @OptionGroup(title: "Weights from elsewhere") var plainWeightsOptions: PlainWeightsOptions
  @OptionGroup var resultsOptions: ResultsOptions

  private var showsLayers: Bool { layer == Self.allLayers }

  func validate() throws {
    guard showsLayers else {
      guard !images.isEmpty else { throw ValidationError("name at least one image, folder or HDF5 file") }
      guard let out, !out.isEmpty else {
        throw ValidationError("--out names the folder that pictures are written to, such as --out overlays")
      }
      return
    }
    let others: [(option: String, isGiven: Bool)] = [
      ("an image", !images.isEmpty), ("--out", out != nil), ("--class", className != nil),
      ("--dataset-name", datasetName != nil), ("--force", force),
      ("--batch-size", inferenceOptions.batchSize != nil), ("--threads", inferenceOptions.threads != nil),
    ]
    if let other = others.first(where: \.isGiven) {
      throw ValidationError("--layer list shows the model's convolutions, so \(other.option) does nothing.")
    }
  }

  func run() throws {
    let workbench = Workbench(say: Terminal.sayBeside)
    let model = try TrainedModel(
      model, choice: inferenceOptions.weights, results: resultsOptions.folder, workbench: workbench,
      description: plainWeightsOptions.description())
    guard let out, !showsLayers else { return try showLayers(of: model, workbench) }
    let collection = try PredictedImages.collection(
      images, datasetName: datasetName, classNames: model.card.classNames)
    let files = ExplanationFiles(for: collection.names, in: out)
    if !force { try files.checkAbsence() }
    let explainer = try model.explainer(
      imageCount: collection.count, threads: inferenceOptions.threadCount, workbench: workbench)
    let explanations = try ImageExplanations(
      model, explainer, images: collection, layer: layer, className: className,
      batchSize: inferenceOptions.batchSize, threads: inferenceOptions.threadCount, workbench: workbench)
    for problem in explanations.problems { Terminal.standardError.note("labrun: \(problem)") }
    let count = try files.write(explanations)
    if json {
      Terminal.standardOutput.write(explanations.json(files: files))
    } else {
      Terminal.standardOutput.write(explanations.document(files: files), as: TableFormats.text)
    }
    Terminal.standardError.note("\(count) \(count == 1 ? "file" : "files") in \(out)")
    guard explanations.problems.isEmpty else {
      throw CommandError(
        "\(explanations.problems.count) of \(collection.count) images could not be read", status: .badData)
    }
  }

  private func showLayers(of model: TrainedModel, _ workbench: Workbench) throws {
    let explainer = try model.explainer(imageCount: 1, threads: 1, workbench: workbench)
    Terminal.standardOutput.write(
      explainer.layerTable(title: "Convolutions of \(model.name)"), as: json ? TableFormats.json : TableFormats.text,
      showsLegend: false)
  }
}
