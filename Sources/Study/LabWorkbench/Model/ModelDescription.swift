import Foundation
import LabCore
import LabData
import LabNN
import LabStore
import LabTrain
import LabZoo

/// What has to be said of a file of weights that says nothing of itself, such as one of torchvision or timm.
package struct ModelDescription {
  /// The keys of the model.
  package var model: JSONValue
  /// The name of each class, in the order of the logits.
  package var classNames: [String]
  /// What is done to an image before the model sees it.
  package var preprocessing: Preprocessing

  /// Describes a model by its architecture.
  ///
  /// - Parameters:
  ///   - architecture: the name of an architecture, or of one that it is registered for, such as `resnet50`.
  ///   - settings: other keys of the model, as `key=value`.
  ///   - classNames: the name of each class, in the order of the logits.
  ///   - image: channels, height and width; nil for what the architecture was made for.
  ///   - fit: how images of other proportions are brought to them.
  ///   - statistics: by what channels are normalized; nil leaves values from 0 to 1.
  /// - Throws: `ConfigurationError` for keys that no model has, ``WorkbenchError`` for extents that do not fit.
  package init(
    architecture: String, settings: [String], classNames: [String], image: ImageShape?, fit: ImageFit,
    statistics: ChannelStatistics?
  ) throws {
    var model: JSONValue = ["architecture": ["name": .string(architecture)]]
    try model.apply(settings: settings)
    let configuration = try model.decode(ModelConfiguration.self)
    let members = type(of: configuration.architecture.component).members
    let native = (members.first { $0.name == architecture } ?? members.first)?.image ?? [3, 32, 32]
    let shape = image ?? ImageShape(channels: native[0], height: native[1], width: native[2])
    if let statistics, statistics.mean.count != shape.channels || statistics.standardDeviation.count != shape.channels {
      throw WorkbenchError(
        "images have \(shape.channels) channels, but \(statistics.mean.count) means and "
          + "\(statistics.standardDeviation.count) deviations were given")
    }
    self.model = model
    self.classNames = classNames
    preprocessing = Preprocessing(imageShape: shape, resize: fit, statistics: statistics)
  }

  /// The weights by the model's names: what their library calls otherwise is called as here, and what a wrapper put before all
  /// names comes off.
  ///
  /// Where they fit with one of the architecture's switches the other way round, such as for heads that only
  /// training has, they are of that model.
  ///
  /// - Returns: the weights, and the model that they are of.
  package func ownWeights(_ weights: [NamedTensor]) throws -> (weights: [NamedTensor], model: JSONValue) {
    let plain = try ownWeights(weights, of: model)
    if plain.isComplete { return (plain.weights, model) }
    for other in try switchedModels() {
      if let found = try? ownWeights(weights, of: other), found.isComplete { return (found.weights, other) }
    }
    return (plain.weights, model)
  }

  /// The model with one switch of its architecture the other way round.
  private func switchedModels() throws -> [JSONValue] {
    let component = try model.decode(ModelConfiguration.self).architecture.component
    return try type(of: component).variant.options.fields.compactMap { field in
      guard case .boolean = field.kind else { return nil }
      var other = model
      let isOn = try JSONValue(encoding: component)[field.name] == true
      other["architecture"]?[field.name] = .boolean(!isOn)
      return other
    }
  }

  private func ownWeights(
    _ weights: [NamedTensor], of model: JSONValue
  ) throws -> (weights: [NamedTensor], isComplete: Bool) {
    let configuration = try model.decode(ModelConfiguration.self)
    let shape = preprocessing.imageShape
    let graph = try EvaluationGraph(
      model: configuration.model(classCount: classNames.count),
      batch: ClassificationBatch(
        size: 1, image: [shape.channels, shape.height, shape.width], classCount: classNames.count))
    let declared = graph.declarations.map { ($0.name, $0.shape) }
    func renamed(_ weights: [NamedTensor]) -> [NamedTensor] {
      let ownNames = configuration.architecture.component.ownNames(of: weights.map(\.name))
      return weights.map { NamedTensor(ownNames[$0.name] ?? $0.name, $0.shape, $0.values) }
    }
    func isComplete(_ weights: [NamedTensor]) -> Bool {
      WeightMatching(model: declared, given: weights.map { ($0.name, $0.shape) }).difference == nil
    }
    let own = renamed(weights)
    guard let prefix = WeightMatching(model: declared, given: own.map { ($0.name, $0.shape) }).prefix else {
      return (own, isComplete(own))
    }
    let bare = renamed(
      weights.map { tensor in
        let name = tensor.name.hasPrefix(prefix.text) ? String(tensor.name.dropFirst(prefix.text.count)) : tensor.name
        return NamedTensor(name, tensor.shape, tensor.values)
      })
    // Only where everything fits then: else the message is about the names as they are.
    return isComplete(bare) ? (bare, true) : (own, isComplete(own))
  }
}
