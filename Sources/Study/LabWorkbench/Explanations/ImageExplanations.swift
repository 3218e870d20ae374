import LabCore
import LabData
import LabNN
import LabTrain

/// What a trained model says of images, where in them it sees a class, and what its dynamic convolutions make of them.
package struct ImageExplanations {
  /// What there is to say of one image.
  package struct Image {
    /// Its path, or what else it is called by.
    package var name: String
    /// The index of its true class, where it is known.
    package var label: Int?
    /// What is found; nil where it could not be read.
    package var content: Content?
    /// Why it could not be read.
    package var problem: String?
  }

  /// What is found for an image.
  package struct Content {
    /// The image as the model sees it.
    package var picture: DecodedImage
    /// The probability of each class.
    package var probabilities: [Double]
    /// The most probable class.
    package var predicted: Int
    /// The class that is looked for.
    package var explained: Int
    /// Where that class is seen.
    package var map: ClassActivationMap
    /// The attentions of dynamic convolutions, in the order in which they are computed.
    package var attentions: [AttentionSummary]
  }

  /// The model.
  package let model: TrainedModel
  /// The layer in whose output classes are looked for.
  package let layer: FeatureLayer
  /// Whether the layer was named, and not chosen.
  package let isNamed: Bool
  /// The images, in their order.
  package let images: [Image]

  /// Classifies images, as predictions do, and explains what comes of it.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - explainer: that model's.
  ///   - collection: the images.
  ///   - layer: the name of a layer; nil for the last one with more than one pixel.
  ///   - className: the class that is looked for, by its name or its number from 0; nil for the most probable one of each
  ///     image.
  ///   - batchSize: images that are classified at once; nil for as many as in the steps of its training.
  ///   - threads: the number of threads.
  /// - Throws: ``WorkbenchError`` where there is no such layer or class, and errors of the backend.
  package init(
    _ model: TrainedModel, _ explainer: ImageExplainer, images collection: ImageCollection, layer: String?,
    className: String?, batchSize: Int?, threads: Int, workbench: Workbench
  ) throws {
    let feature = try explainer.layer(named: layer, in: model)
    let asked = try className.map { try model.card.index(ofClass: $0) }
    let output = try model.predictor(
      batchSize: batchSize, imageCount: collection.count, threads: threads, workbench: workbench
    ).logits(of: collection)
    try self.init(
      model, explainer, images: collection, output: output, layer: feature, isNamed: layer != nil, asked: asked)
  }

  /// Explains what a model says of images.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - explainer: that model's.
  ///   - collection: the images.
  ///   - output: what the model says of them.
  ///   - layer: the layer in whose output classes are looked for.
  ///   - isNamed: whether somebody has named it.
  ///   - asked: the class that is looked for; nil for the most probable one of each image.
  /// - Throws: errors of the backend.
  init(
    _ model: TrainedModel, _ explainer: ImageExplainer, images collection: ImageCollection, output: Predictor.Output,
    layer: FeatureLayer, isNamed: Bool, asked: Int?
  ) throws {
    self.model = model
    self.layer = layer
    self.isNamed = isNamed
    let classified = Classification(output, of: collection, by: model)
    let problems = Dictionary(output.failures.map { ($0.index, $0.description) }) { first, _ in first }
    let readable = collection.names.indices.filter { problems[$0] == nil }
    let predicted = classified.classes
    let findings = try explainer.findings(
      for: collection.selecting(readable), classes: readable.map { asked ?? predicted[$0] }, in: layer)
    let attentions = explainer.attentions.enumerated().map { place, part in
      AttentionSummary.all(of: part, findings.map { $0.attentions[place] })
    }
    var images = collection.names.indices.map {
      Image(name: collection.names[$0], label: classified.labels[$0], problem: problems[$0])
    }
    for (place, index) in readable.enumerated() {
      images[index].content = Content(
        picture: try collection.resized(index, as: model.card.preprocessing),
        probabilities: classified.probabilities(index), predicted: predicted[index],
        explained: asked ?? predicted[index], map: findings[place].map, attentions: attentions.map { $0[place] })
    }
    self.images = images
  }

  /// The images that could not be read, a sentence each.
  package var problems: [String] { images.compactMap(\.problem) }
}

extension TrainedModel {
  /// The model, ready to explain what it says of images.
  ///
  /// - Parameters:
  ///   - imageCount: the number of images.
  ///   - threads: the number of threads.
  package func explainer(imageCount: Int, threads: Int, workbench: Workbench) throws -> ImageExplainer {
    let backend = try backend.map(workbench.backends.named) ?? workbench.backends.standard
    return try ImageExplainer(
      model: card.configuration().model(classCount: card.classNames.count), preprocessing: card.preprocessing,
      classCount: card.classNames.count, weights: weights, position: card.position,
      batchSize: max(1, min(imageCount, 16)), algorithms: training.algorithms,
      backend: backend.repeating(convolutionMethods), threads: threads)
  }
}

extension ImageExplainer {
  /// The layer of a name, or the last one with more than one pixel.
  ///
  /// - Throws: ``WorkbenchError`` where there is none.
  func layer(named name: String?, in model: TrainedModel) throws -> FeatureLayer {
    let usable = layers.filter(\.hasPixels)
    let list = usable.map(\.path).joined(separator: ", ")
    guard let name else {
      guard let layer = layers.lastWithPixels else {
        throw WorkbenchError(
          "no convolution of \(model.name) has an output of more than one pixel, so that there is no map of it")
      }
      return layer
    }
    guard let layer = layers.first(where: { $0.path == name }) else {
      let hint = NearestName.hint(for: name, among: usable.map(\.path))
      throw WorkbenchError(
        "\(model.name) has no convolution \"\(name)\"\(hint); those with more than one pixel are "
          + (usable.isEmpty ? "none" : list))
    }
    guard layer.hasPixels else {
      throw WorkbenchError(
        "the output of \(name) is one pixel, so that there is no map of it; convolutions with more than one are "
          + (usable.isEmpty ? "none" : list))
    }
    return layer
  }
}

extension ModelCard {
  /// The class of a name, or else of a number from 0.
  ///
  /// - Throws: ``WorkbenchError`` where there is none.
  fileprivate func index(ofClass name: String) throws -> Int {
    if let index = classNames.firstIndex(of: name) { return index }
    if let index = Int(name), classNames.indices.contains(index) { return index }
    let shown = classNames.count <= 50 ? ": " + classNames.joined(separator: ", ") : ""
    throw WorkbenchError(
      "the model has no class \"\(name)\"\(NearestName.hint(for: name, among: classNames)); it has "
        + "\(classNames.count) classes, numbered from 0 to \(classNames.count - 1)\(shown)")
  }
}
