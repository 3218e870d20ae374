import LabCore
import LabData
import LabGraph
import LabNN

/// Says where in images a trained model sees a class, and what its dynamic convolutions make of them.
///
/// The graph is that of evaluation, with running statistics and without dropout; gradients are its own, by
/// differentiation behind the layer that is looked at. Calls must not overlap.
public final class ImageExplainer {
  /// What is found for an image.
  public struct Finding: Sendable {
    /// Where the class is seen.
    public var map: ClassActivationMap
    /// The weights of each of the explainer's attentions.
    public var attentions: [[Float]]
  }

  /// The convolutions that the logits depend on, in the order in which they are computed.
  public let layers: [FeatureLayer]
  /// The attentions of dynamic convolutions, in the order in which they are computed.
  public let attentions: [ModelPart]
  private let network: EvaluationGraph
  private let session: any Session
  private let weights: [NamedTensor]
  private let position: StepPosition
  private let preprocessing: Preprocessing
  private let batchSize: Int
  /// What was compiled for the layer that was looked at last.
  private var compiled: (layer: FeatureLayer, program: any Executable)?

  /// The names of the graph's outputs and of the input that chooses each image's class.
  package static let features = "explained.features"
  package static let gradient = "explained.gradient"
  package static let chosen = "explained.classes"

  /// Builds a model and checks its weights.
  ///
  /// - Parameters:
  ///   - model: builds the model.
  ///   - preprocessing: what makes an image of a file the model's input.
  ///   - classCount: the number of classes.
  ///   - weights: every parameter and buffer of the model, by its state_dict name.
  ///   - position: the training step after which the weights were taken, for scalars such as a temperature.
  ///   - batchSize: the number of images that are explained at once.
  ///   - algorithms: those of the training.
  ///   - backend: what executes the graph.
  ///   - threads: the number of threads.
  /// - Throws: ``TrainingError/misfit(_:)`` where weights are missing, unexpected or of another shape.
  public init(
    model: ModelFunction, preprocessing: Preprocessing, classCount: Int, weights: [NamedTensor],
    position: StepPosition, batchSize: Int, algorithms: ConvolutionAlgorithms = .automatic, backend: any Backend,
    threads: Int
  ) throws {
    let shape = preprocessing.imageShape
    network = try EvaluationGraph(
      model: model,
      batch: ClassificationBatch(
        size: batchSize, image: [shape.channels, shape.height, shape.width], classCount: classCount))
    let matching = WeightMatching(
      model: network.declarations.map { ($0.name, $0.shape) }, given: weights.map { ($0.name, $0.shape) })
    try matching.checkCompleteness()
    let names = Set(matching.matched)
    self.weights = weights.filter { names.contains($0.name) }
    session = try backend.makeSession(SessionOptions(threads: max(1, threads), algorithms: algorithms))
    self.preprocessing = preprocessing
    self.position = position
    self.batchSize = batchSize
    layers = FeatureLayer.all(of: network)
    let dynamic = network.graph.nodes.filter { $0.operation is DynamicConvolution2D }
    let read = Set(dynamic.flatMap { $0.inputs.dropFirst(2) })
    attentions = network.parts.filter { read.contains($0.value) }
  }

  /// Explains images, one class each.
  ///
  /// - Parameters:
  ///   - images: the images.
  ///   - classes: the class of each image that is looked for.
  ///   - layer: the layer in whose output it is looked for.
  /// - Throws: what reading an image throws, and errors of the backend.
  public func findings(for images: ImageCollection, classes: [Int], in layer: FeatureLayer) throws -> [Finding] {
    precondition(classes.count == images.count, "one class an image")
    let program = try program(for: layer)
    return try stride(from: 0, to: images.count, by: batchSize).flatMap { first in
      let range = first..<min(first + batchSize, images.count)
      let input = try program.floatInput(ClassifierTensor.images)
      if let failure = images.load(range, as: preprocessing, into: input.baseAddress!).first { throw failure }
      let chosen = try program.floatInput(Self.chosen)
      chosen.update(repeating: 0)
      // Rows behind a smaller batch choose no class.
      for (row, image) in range.enumerated() { chosen[row * (chosen.count / batchSize) + classes[image]] = 1 }
      try program.run()
      let features = try program.read(Self.features)
      let gradient = try program.read(Self.gradient)
      let weights = try attentions.map { try program.read(Self.name(of: $0)) }
      return range.map { image in
        func row(_ elements: [Float]) -> [Float] {
          let width = elements.count / batchSize
          return Array(elements[(image - first) * width..<(image - first + 1) * width])
        }
        return Finding(
          map: ClassActivationMap(features: row(features), gradient: row(gradient), shape: layer.shape),
          attentions: weights.map(row))
      }
    }
  }

  /// The compiled network with what is asked of a layer; one layer is most often asked again.
  private func program(for layer: FeatureLayer) throws -> any Executable {
    if let compiled, compiled.layer == layer { return compiled.program }
    let graph = try graph(of: layer)
    let program = try session.compile(graph)
    for tensor in weights where graph.variable(tensor.name) != nil {
      try session.write(tensor.name, tensor.singlePrecision())
    }
    try program.fill(network.scalars.filter { graph.input($0.name) != nil }, at: position)
    compiled = (layer, program)
    return program
  }

  private static func name(of part: ModelPart) -> String { "explained.attention.\(part.value.index)" }

  /// The network with the gradient of the chosen logits with respect to a layer's output.
  ///
  /// Logits of images depend on nothing of other images, so that the gradient of the sum of all is that of each.
  package func graph(of layer: FeatureLayer) throws -> Graph {
    guard let logits = network.graph.output(ClassifierTensor.logits) else { return network.graph }
    var features: Tensor?
    var rewriting = GraphRewriting()
    rewriting.transformations[layer.output] = { value in
      features = value
      return value
    }
    rewriting.transformations[logits] = { logits in
      let builder = logits.builder
      let chosen = try logits.multiplied(by: builder.input(Self.chosen, logits.shape))
      let score = try builder.apply(Reduction(.sum, axes: [0, 1]), chosen)
      guard let features, let gradient = try builder.gradients(of: score, withRespectTo: [features])[0] else {
        throw GraphError.invalid(path: layer.path, problem: "the logits do not depend on its output")
      }
      try builder.output(Self.gradient, gradient)
      return logits
    }
    return try network.graph.rewritten(
      rewriting,
      outputs: [(ClassifierTensor.logits, logits), (Self.features, layer.output)]
        + attentions.map { (Self.name(of: $0), $0.value) })
  }
}
