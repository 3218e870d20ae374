import ArgumentParser
import LabCore
import LabData
import LabWorkbench

/// On which data a trained model is evaluated.
struct EvaluationDataOptions: ParsableArguments {
  @Option(help: "The data set (default: the run's own): \(DatasetDefinition.registry.names.joined(separator: ", ")).")
  var dataset: String?

  @Option(help: "The folder or file that holds the data set.", completion: .file())
  var path: String?

  @Option(help: ArgumentHelp("Any other key of the data set, as in a spec.", valueName: "key=value"))
  var set: [String] = []

  @Option(help: "The split: \(SplitName.allCases.map(\.rawValue).joined(separator: ", ")).")
  var split = SplitName.test

  /// The data set that is asked for, with images as the model takes them, and whether it is just the run's own.
  func configuration(for model: TrainedModel) throws -> (configuration: DatasetConfiguration, isOwn: Bool) {
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
      if let side = model.card.preprocessing.storedSize { object["stored_size"] = .integer(side) }
      if [1, 3].contains(shape.channels) { object["channels"] = .integer(shape.channels) }
    }
    if let path { object["path"] = .string(path) }
    object.merge(settings) { $1 }
    return (try JSONValue.object(object).decode(DatasetConfiguration.self).validated(), false)
  }

  /// Prepares the data set, and says where the run's own is no longer the one that it was trained on.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - isStrict: whether changed data are refused.
  ///   - workbench: has the data sets.
  /// - Throws: `CommandError` where changed data are refused.
  func data(
    for model: TrainedModel, isStrict: Bool, _ workbench: Workbench
  ) throws -> (configuration: DatasetConfiguration, data: PreparedDataset) {
    let (configuration, isOwn) = try configuration(for: model)
    let data = try workbench.library.dataset(configuration)
    guard isOwn, let hash = model.dataHash, hash != data.contentHash else { return (configuration, data) }
    let finding =
      "the data of \(model.name) are not those that it was trained on: data set \(data.configuration.name) now has the "
      + "hash \(data.contentHash.short), then it had \(hash.short)"
    guard !isStrict else {
      throw CommandError("\(finding); nothing was evaluated, as --strict demands", status: .badData)
    }
    Terminal.standardError.note(
      "warning: \(finding); what follows is about the new data and cannot be compared with the run's metrics. Put the "
        + "old data back, or train anew")
    return (configuration, data)
  }
}

extension SplitName: ExpressibleByArgument {}
