import ArgumentParser
import Foundation
import LabCore
import LabData
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// The command `labrun evaluate`.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Evaluate a trained model on any data set or split.",
    usage: "labrun evaluate <model> [--dataset <name>] [--path <path>] [options]",
    discussion: """
      Images are resized and normalised as in training, by the statistics of the data that the model was trained on. \
      Classes are matched by name, so a data set may have fewer of them, in another order. Logits, labels and the loss \
      of every image are stored with the run, or where --output says. Where the run's own data have changed since it was \
      trained, that is said.

      EXAMPLES
        labrun evaluate 3fa9                      # the run's own test images again
        labrun evaluate 3fa9 --split validation
        labrun evaluate 3fa9 --dataset image-folder --path photos/ \\
          --set test_share=0.99
        labrun evaluate weights-best.h5 --dataset gtsrb --path GTSRB/ \\
          --output signs.csv

      METRICS
      \(metricList)
      """)

  /// The metrics of predictions, with what each is.
  private static var metricList: String {
    MetricCatalog.registry.entries.filter { $0.occasion != nil }.map { metric in
      (["  " + metric.name] + metric.summary.wrapped(to: 74).map { "    " + $0 }).joined(separator: "\n")
    }.joined(separator: "\n")
  }

  @Argument(help: ArgumentHelp("A run, by the first digits of its identity, or a file of weights.", valueName: "model"))
  var model: String

  @Option(help: "The data set (default: the run's own): \(DatasetDefinition.registry.names.joined(separator: ", ")).")
  var dataset: String?

  @Option(help: "The folder or file that holds the data set.", completion: .file())
  var path: String?

  @Option(help: ArgumentHelp("Any other key of the data set, as in a spec.", valueName: "key=value"))
  var set: [String] = []

  @Option(help: "The split: \(SplitName.allCases.map(\.rawValue).joined(separator: ", ")).")
  var split = SplitName.test

  @Option(
    help: ArgumentHelp(
      "A metric to print, such as auroc or top7_accuracy; may be repeated (default: all that are known).",
      valueName: "name"))
  var metric: [String] = []

  @Option(
    help: ArgumentHelp("Where logits, labels and losses are written: a .h5 or .csv file.", valueName: "file"),
    completion: .file())
  var output: String?

  @Flag(help: "Evaluate nothing where the run's own data have changed since it was trained.") var strict = false

  @Flag(help: "Print JSON.") var json = false

  @OptionGroup var inferenceOptions: InferenceOptions
  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    let workbench = Workbench(say: Terminal.sayBeside)
    let model = try TrainedModel(
      model, choice: inferenceOptions.weights, results: resultsOptions.folder, workbench: workbench)
    let (configuration, isOwn) = try configuration(for: model)
    let data = try workbench.library.dataset(configuration)
    let changed = isOwn ? model.dataHash.flatMap { $0 == data.contentHash ? nil : $0 } : nil
    if let changed { try report(changed, data, of: model) }
    let images = ImageCollection(data, split: split)
    guard images.count > 0 else {
      throw CommandError("data set \(configuration.name) has no \(split.rawValue) images", status: .badData)
    }
    let labels = try ClassCorrespondence(model: model.card.classNames, data: data.classNames)
      .labels(data.split(split).labels.map(Int.init))
    let predicted = try model.predictor(
      batchSize: inferenceOptions.batchSize, threads: inferenceOptions.threadCount, workbench: workbench
    ).logits(of: images)
    let result = Classification(
      names: images.names, labels: labels, logits: predicted.logits, classNames: model.card.classNames, unreadable: [])
    let title = "\(model.name) on \(configuration.name), \(split.rawValue)"
    guard let report = try result.report(title: title, metrics: metric) else { return }
    try store(result, of: model, configuration, data, report)
    let terminal = Terminal.standardOutput
    if json {
      var object = report.json.objectValue ?? [:]
      object["data_hash"] = .string(data.contentHash.hexadecimal)
      object["trained_on_data_hash"] = model.dataHash.map { .string($0.hexadecimal) } ?? .null
      terminal.write(JSONValue.object(object))
    } else {
      terminal.write(styled: report.text(width: terminal.width, style: terminal.style))
    }
  }

  /// Says that the run's data are no longer those that it was trained on.
  ///
  /// - Throws: `CommandError` where that is not to be evaluated.
  private func report(_ hash: ContentHash, _ data: PreparedDataset, of model: TrainedModel) throws {
    let finding =
      "the data of \(model.name) are not those that it was trained on: data set \(data.configuration.name) now has the "
      + "hash \(data.contentHash.short), then it had \(hash.short)"
    guard !strict else {
      throw CommandError("\(finding); nothing was evaluated, as --strict demands", status: .badData)
    }
    Terminal.standardError.note(
      "warning: \(finding); what follows is about the new data and cannot be compared with the run's metrics. Put the "
        + "old data back, or train anew")
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
      "metrics": .string(report.metrics.json.canonicalText),
    ]
    if let run = model.run { attributes["run"] = .string(run.identity.hash.hexadecimal) }
    if let hash = model.dataHash { attributes["trained_on_data_hash"] = .string(hash.hexadecimal) }
    try result.write(to: path, attributes: attributes)
    Terminal.standardError.note("logits, labels and losses are in \(path)")
  }

  /// The data set that is asked for, with images as the model takes them, and whether it is just the run's own.
  private func configuration(
    for model: TrainedModel
  ) throws -> (configuration: DatasetConfiguration, isOwn: Bool) {
    let settings = try Settings.members(set)
    let own = try model.run.map { try RunConfiguration($0.configuration).dataset }
    guard let name = dataset ?? own?.name else {
      throw CommandError("a file of weights does not say on which data to evaluate it; name it with --dataset")
    }
    var object: [String: JSONValue]
    if let own, dataset == nil || dataset == own.name, path == nil, settings.isEmpty {
      return (own, true)
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
    return (try JSONValue.object(object).decode(DatasetConfiguration.self).validated(), false)
  }
}

extension SplitName: ExpressibleByArgument {}
