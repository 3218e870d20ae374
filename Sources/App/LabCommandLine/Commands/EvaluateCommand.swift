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

  @OptionGroup var dataOptions: EvaluationDataOptions

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
  @OptionGroup(title: "Weights from elsewhere") var plainWeightsOptions: PlainWeightsOptions
  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    let workbench = Workbench(say: Terminal.sayBeside)
    let model = try TrainedModel(
      model, choice: inferenceOptions.weights, results: resultsOptions.folder, workbench: workbench,
      description: plainWeightsOptions.description())
    let (configuration, data) = try dataOptions.data(for: model, isStrict: strict, workbench)
    let split = dataOptions.split
    let images = ImageCollection(data, split: split)
    guard images.count > 0 else {
      throw CommandError("data set \(configuration.name) has no \(split.rawValue) images", status: .badData)
    }
    let labels = try ClassCorrespondence(model: model.card.classNames, data: data.classNames)
      .labels(data.split(split).labels.map(Int.init))
    let predicted = try model.predictor(
      batchSize: inferenceOptions.batchSize, imageCount: images.count, threads: inferenceOptions.threadCount,
      workbench: workbench
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

  private func store(
    _ result: Classification, of model: TrainedModel, _ configuration: DatasetConfiguration, _ data: PreparedDataset,
    _ report: EvaluationReport
  ) throws {
    let own = model.files.map { "\($0.path)/evaluation-\(configuration.name)-\(dataOptions.split.rawValue).h5" }
    guard let path = output ?? own else { return }
    var attributes: [String: TensorGroup.Attribute] = [
      "dataset": .string(try JSONValue(encoding: configuration).canonicalText),
      "data_hash": .string(data.contentHash.hexadecimal), "split": .string(dataOptions.split.rawValue),
      "metrics": .string(report.metrics.json.canonicalText),
    ]
    if let run = model.run { attributes["run"] = .string(run.identity.hash.hexadecimal) }
    if let hash = model.dataHash { attributes["trained_on_data_hash"] = .string(hash.hexadecimal) }
    try result.write(to: path, attributes: attributes)
    Terminal.standardError.note("logits, labels and losses are in \(path)")
  }
}
