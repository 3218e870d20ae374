import LabCore
import LabData
import LabGraph
import LabNN

/// The compiled graphs of one run, which share their variables: a step, a step for the last and smaller batch, an
/// evaluation.
final class TrainingPrograms {
  let session: any Session
  let step: any Executable
  let tailStep: (any Executable)?
  let evaluation: any Executable
  let scalars: [any RuntimeScalar]
  let evaluationScalars: [any RuntimeScalar]
  let evaluationBatchSize: Int
  /// The state_dict names of the evaluated weights and the variables that hold them.
  let evaluatedVariables: [(name: String, variable: String)]
  private let stepGraph: TrainingGraph

  init(
    _ configuration: TrainingConfiguration, model: @escaping ModelFunction, dataset: PreparedDataset, seed: UInt64,
    backend: any Backend, options: SessionOptions
  ) throws {
    let shape = dataset.imageShape
    let images = dataset.train.count
    let size = min(configuration.batchSize, images)
    func batch(_ size: Int) -> ClassificationBatch {
      ClassificationBatch(
        size: size, image: [shape.channels, shape.height, shape.width], classCount: dataset.classCount,
        classCounts: dataset.classCounts)
    }
    session = try backend.makeSession(options)
    stepGraph = try configuration.graph(model: model, batch: batch(size), seed: seed)
    step = try session.compile(stepGraph.graph)
    scalars = stepGraph.scalars
    let rest = configuration.lastBatchSize(trainingImages: images)
    tailStep =
      rest > 0
      ? try session.compile(
        configuration.graph(model: model, batch: batch(rest), isLastBatch: true, seed: seed).graph) : nil
    // Larger batches than training's cost memory and gain nothing: chunks are what the cache wants.
    evaluationBatchSize = size
    let evaluationGraph = try EvaluationGraph(
      model: model, batch: batch(size), loss: configuration.optimization.loss,
      weights: configuration.optimization.movingAverage == nil ? .current : .averaged)
    evaluation = try session.compile(evaluationGraph.graph)
    evaluationScalars = evaluationGraph.scalars
    let average = configuration.optimization.movingAverage
    evaluatedVariables = stepGraph.declarations.map {
      ($0.name, average == nil ? $0.name : MovingAverageConfiguration.variableName(of: $0.name))
    }
  }

  /// Bytes of everything that the run keeps in memory besides its batches.
  var plannedBytes: Int {
    step.plannedBytes + (tailStep?.plannedBytes ?? 0) + evaluation.plannedBytes + step.variableBytes
  }

  /// The names of the parameters and buffers.
  var stateNames: Set<String> { Set(stepGraph.declarations.map(\.name)) }

  /// How weights to start from compare with the model's.
  func matching(_ weights: [TrainingCheckpoint.Tensor], excluding exclusions: [String]) throws -> WeightMatching {
    try WeightMatching(declarations: stepGraph.declarations, weights: weights, excluding: exclusions)
  }

  /// Sets every variable as at the start of a run: the matched ones to given weights, the others to drawn numbers.
  func initialise(seed: UInt64, weights: [TrainingCheckpoint.Tensor], matched: [String]) throws {
    let matched = Set(matched)
    let known = Dictionary(
      weights.filter { matched.contains($0.name) }.map { ($0.name, $0.elements) }
    ) { first, _ in first }
    for (name, elements) in stepGraph.initialValues(seed: seed, replacing: known) {
      try session.write(name, elements)
    }
  }

  /// Every variable of the training step, in order of declaration.
  func tensors() throws -> [TrainingCheckpoint.Tensor] {
    try stepGraph.graph.variables.map {
      TrainingCheckpoint.Tensor(
        name: $0.name, shape: $0.type.shape, role: $0.role, elements: try session.read($0.name))
    }
  }

  /// The weights that evaluation uses, under their state_dict names.
  func evaluatedTensors() throws -> [TrainingCheckpoint.Tensor] {
    let roles = Dictionary(uniqueKeysWithValues: stepGraph.graph.variables.map { ($0.name, $0) })
    return try evaluatedVariables.map { name, variable in
      TrainingCheckpoint.Tensor(
        name: name, shape: roles[variable]!.type.shape, role: roles[name]?.role ?? .parameter,
        elements: try session.read(variable))
    }
  }

  /// Sets the weights that evaluation uses.
  func writeEvaluated(_ tensors: [TrainingCheckpoint.Tensor]) throws {
    let variables = Dictionary(uniqueKeysWithValues: evaluatedVariables.map { ($0.name, $0.variable) })
    for tensor in tensors {
      guard let variable = variables[tensor.name] else { continue }
      try session.write(variable, tensor.elements)
    }
  }

  /// Continues from a checkpoint's variables.
  ///
  /// - Throws: ``TrainingError/weights(name:problem:)`` where they are not those of this model.
  func restore(_ tensors: [TrainingCheckpoint.Tensor]) throws {
    let expected = Dictionary(uniqueKeysWithValues: stepGraph.graph.variables.map { ($0.name, $0.type.shape) })
    for tensor in tensors {
      guard expected[tensor.name] == tensor.shape else {
        throw TrainingError.weights(
          name: tensor.name,
          problem: "is \(tensor.shape) in the checkpoint, and "
            + (expected[tensor.name].map { "\($0) in the model" } ?? "no variable of the model"))
      }
      try session.write(tensor.name, tensor.elements)
    }
    let given = Set(tensors.map(\.name))
    if let missing = expected.keys.sorted().first(where: { !given.contains($0) }) {
      throw TrainingError.weights(name: missing, problem: "is missing in the checkpoint")
    }
  }
}
