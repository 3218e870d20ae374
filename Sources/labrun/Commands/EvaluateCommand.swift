import ArgumentParser
import Foundation
import LabCore
import LabData
import LabReport
import LabStore

/// The command `labrun evaluate`.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Evaluate a trained model on any data set or split.",
    usage: "labrun evaluate <model> [--dataset <name>] [--path <path>] [options]",
    discussion: """
      Images are resized and normalised as in training, by the statistics of the data that the model was trained on. \
      Classes are matched by name, so a data set may have fewer of them, in another order. Logits, labels and the loss \
      of every image are stored with the run, or where --output says.

      EXAMPLES
        labrun evaluate 3fa9                      # the run's own test images again
        labrun evaluate 3fa9 --split validation
        labrun evaluate 3fa9 --dataset image-folder --path photos/ \\
          --set test_share=0.99
        labrun evaluate weights-best.h5 --dataset gtsrb --path GTSRB/ \\
          --output signs.csv
      """)

  @Argument(help: ArgumentHelp("A run, by the first digits of its identity, or a file of weights.", valueName: "model"))
  var model: String

  @Option(help: "The data set (default: the run's own): \(DatasetRegistry.names.joined(separator: ", ")).")
  var dataset: String?

  @Option(help: "The folder or file that holds the data set.", completion: .file())
  var path: String?

  @Option(help: ArgumentHelp("Any other key of the data set, as in a spec.", valueName: "key=value"))
  var set: [String] = []

  @Option(help: "The split: \(SplitName.allCases.map(\.rawValue).joined(separator: ", ")).")
  var split = SplitName.test

  @Option(
    help: ArgumentHelp("Where logits, labels and losses are written: a .h5 or .csv file.", valueName: "file"),
    completion: .file())
  var output: String?

  @Flag(help: "Print JSON.") var json = false

  @OptionGroup var inferenceOptions: InferenceOptions
  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    let laboratory = Laboratory()
    let model = try TrainedModel(
      model, choice: inferenceOptions.weights, results: resultsOptions.folder, laboratory: laboratory)
    let configuration = try configuration(for: model)
    let data = try laboratory.library.dataset(configuration)
    let images = ImageCollection(data, split: split)
    guard images.count > 0 else {
      throw CommandError("data set \(configuration.name) has no \(split.rawValue) images", status: .badData)
    }
    let labels = try ClassCorrespondence(model: model.card.classNames, data: data.classNames)
      .labels(data.split(split).labels.map(Int.init))
    let predicted = try model.predictor(inferenceOptions, laboratory: laboratory).logits(of: images)
    let result = Classification(
      names: images.names, labels: labels, logits: predicted.logits, classNames: model.card.classNames, unreadable: [])
    guard let report = result.report(title: "\(model.name) on \(configuration.name), \(split.rawValue)") else { return }
    try store(result, of: model, configuration, data, report)
    let terminal = Terminal.standardOutput
    if json {
      terminal.note(report.json.prettyText())
    } else {
      terminal.write(report.text(width: terminal.width, style: terminal.style))
    }
  }

  private func store(
    _ result: Classification, of model: TrainedModel, _ configuration: DatasetConfiguration, _ data: PreparedDataset,
    _ report: EvaluationReport
  ) throws {
    let own = model.folder.map { "\($0)/evaluation-\(configuration.name)-\(split.rawValue).h5" }
    guard let path = output ?? own else { return }
    var attributes: [String: TensorGroup.Attribute] = [
      "dataset": .string(try JSONValue(encoding: configuration).canonicalText),
      "data_hash": .string(data.contentHash.hexadecimal), "split": .string(split.rawValue),
      "metrics": .string(JSONValue.object(report.metrics.named().mapValues { .number($0) }).canonicalText),
    ]
    if let run = model.run { attributes["run"] = .string(run.identity.hash.hexadecimal) }
    try result.write(to: path, attributes: attributes)
    Terminal.standardError.note("logits, labels and losses are in \(path)")
  }

  /// The data set that is asked for, with images as the model takes them.
  private func configuration(for model: TrainedModel) throws -> DatasetConfiguration {
    let settings = try Settings.members(set)
    let own = try model.run.map { try RunConfiguration($0.configuration).dataset }
    guard let name = dataset ?? own?.name else {
      throw CommandError("a file of weights does not say on which data to evaluate it; name it with --dataset")
    }
    var object: [String: JSONValue]
    if let own, dataset == nil || dataset == own.name, path == nil, settings.isEmpty {
      return own
    } else if let own, dataset == nil, case .object(let members) = try JSONValue(encoding: own) {
      object = members
    } else {
      let shape = model.card.preprocessing.imageShape
      object = ["name": .string(name), "resize": .string(model.card.preprocessing.resize.rawValue)]
      if shape.height == shape.width { object["image_size"] = .integer(shape.height) }
      if [1, 3].contains(shape.channels) { object["channels"] = .integer(shape.channels) }
    }
    if let path { object["path"] = .string(path) }
    object.merge(settings) { $1 }
    return try JSONValue.object(object).decode(DatasetConfiguration.self).validated()
  }
}

/// Which of a model's classes each class of a data set is.
struct ClassCorrespondence {
  private let indices: [Int?]
  private let names: [String]
  private let modelNames: [String]

  /// Matches classes by name; by number where one side has numbers for names and both have as many.
  init(model: [String], data: [String]) {
    let places = Dictionary(model.enumerated().map { ($1, $0) }) { first, _ in first }
    names = data
    modelNames = model
    func isNumbered(_ names: [String]) -> Bool { names == names.indices.map(String.init) }
    if data.count == model.count, isNumbered(data) || isNumbered(model) {
      indices = data.indices.map { $0 }
    } else {
      indices = data.map { places[$0] }
    }
  }

  /// The model's classes of some labels.
  ///
  /// - Throws: `CommandError` where an image is of a class that the model does not know.
  func labels(_ labels: [Int]) throws -> [Int?] {
    try labels.map { label in
      guard let index = indices[label] else {
        throw CommandError(
          "the model has no class \"\(names[label])\"\(NearestName.hint(for: names[label], among: modelNames))",
          status: .badData)
      }
      return index
    }
  }
}

extension SplitName: ExpressibleByArgument {}
