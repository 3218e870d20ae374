import LabCore
import LabData
import LabGraph
import LabNN
import LabRecords

/// Compiled graphs that share their variables: a step, a step for the last and smaller batch, an evaluation, and the
/// measuring of running statistics where it is asked for.
///
/// One run at a time trains in them. Runs of a variant differ in their seed, and every variable is set at the start of a
/// run, so that one that finds the memory of another gives the same bits as in memory of its own: to a step, its memory
/// is always that which an earlier step has left.
public final class TrainingPrograms {
  let session: any Session
  let step: any Executable
  let tailStep: (any Executable)?
  let evaluation: any Executable
  let statistics: (program: any Executable, graph: StatisticsGraph)?
  let scalars: [any RuntimeScalar]
  let evaluationScalars: [any RuntimeScalar]
  let evaluationBatchSize: Int
  /// The state_dict names of the evaluated weights and the variables that hold them.
  let evaluatedVariables: [(name: String, variable: String)]
  private let stepGraph: TrainingGraph
  /// The only seed whose numbers the graphs draw; nil where they draw none.
  private let seed: UInt64?

  /// - Parameter evaluationBatchSize: the images of a batch of the evaluation's graph.
  init(
    _ graphs: TrainingGraphs, evaluationBatchSize: Int, seed: UInt64, backend: any Backend, options: SessionOptions
  ) throws {
    let session = try backend.makeSession(options)
    self.session = session
    stepGraph = graphs.step.seeded(seed)
    self.seed = graphs.drawNumbers ? seed : nil
    step = try session.compile(stepGraph.graph)
    scalars = stepGraph.scalars
    tailStep = try graphs.tailStep.map { try session.compile($0.graph.seeded(seed)) }
    self.evaluationBatchSize = evaluationBatchSize
    evaluation = try session.compile(graphs.evaluation.graph)
    evaluationScalars = graphs.evaluation.scalars
    statistics = try graphs.statistics.map { (try session.compile($0.graph), $0) }
    let average = stepGraph.movingAverage
    evaluatedVariables = stepGraph.declarations.map {
      ($0.name, average == nil ? $0.name : MovingAverageConfiguration.variableName(of: $0.name))
    }
  }

  /// Whether runs of a seed can train in them.
  func serve(seed: UInt64) -> Bool { self.seed == nil || self.seed == seed }

  /// Bytes of everything that a run keeps in memory besides its batches.
  public var plannedBytes: Int {
    step.plannedBytes + (tailStep?.plannedBytes ?? 0) + evaluation.plannedBytes + step.variableBytes
      + (statistics?.program.plannedBytes ?? 0)
  }

  /// Sets every variable as at the start of a run: the matched ones to given weights, the others to drawn numbers.
  func initialize(seed: UInt64, weights: [NamedTensor], matched: [String]) throws {
    let matched = Set(matched)
    let known = Dictionary(
      try weights.filter { matched.contains($0.name) }.map { ($0.name, try $0.singlePrecision()) }
    ) { first, _ in first }
    for (name, elements) in stepGraph.initialValues(seed: seed, replacing: known) {
      try session.write(name, elements)
    }
  }

  /// Every variable of the training step.
  func checkpoint(progress: JSONValue) throws -> Checkpoint {
    let average = MovingAverageConfiguration.variableName(of: "")
    var checkpoint = Checkpoint(parameters: [], progress: progress)
    for variable in stepGraph.graph.variables {
      let tensor = NamedTensor(variable.name, variable.type.shape, try session.read(variable.name))
      if variable.role != .optimizerState {
        checkpoint.parameters.append(tensor)
      } else if variable.name.hasPrefix(average) {
        checkpoint.state.append(tensor)
      } else {
        checkpoint.optimizer.append(tensor)
      }
    }
    return checkpoint
  }

  /// The weights that evaluation uses, under their state_dict names.
  func evaluatedTensors() throws -> [NamedTensor] {
    try zip(stepGraph.declarations, evaluatedVariables).map { declaration, evaluated in
      NamedTensor(evaluated.name, declaration.shape, try session.read(evaluated.variable))
    }
  }

  /// Sets the weights that evaluation uses.
  func writeEvaluated(_ tensors: [NamedTensor]) throws {
    let variables = Dictionary(uniqueKeysWithValues: evaluatedVariables.map { ($0.name, $0.variable) })
    for tensor in tensors {
      guard let variable = variables[tensor.name] else { continue }
      try session.write(variable, tensor.singlePrecision())
    }
  }

  /// Sets running statistics that evaluation uses, by their state_dict names.
  func writeEvaluated(_ statistics: [String: [Float]]) throws {
    for (name, variable) in evaluatedVariables {
      if let elements = statistics[name] { try session.write(variable, elements) }
    }
  }

  /// Continues from a checkpoint's variables.
  ///
  /// - Throws: ``TrainingError/weights(name:problem:)`` where they are not those of this model.
  func restore(_ tensors: [NamedTensor]) throws {
    let expected = Dictionary(uniqueKeysWithValues: stepGraph.graph.variables.map { ($0.name, $0.type.shape) })
    for tensor in tensors {
      guard expected[tensor.name] == tensor.shape else {
        throw TrainingError.weights(
          name: tensor.name,
          problem: "is \(tensor.shape) in the checkpoint, and "
            + (expected[tensor.name].map { "\($0) in the model" } ?? "no variable of the model"))
      }
      try session.write(tensor.name, tensor.singlePrecision())
    }
    let given = Set(tensors.map(\.name))
    if let missing = expected.keys.sorted().first(where: { !given.contains($0) }) {
      throw TrainingError.weights(name: missing, problem: "is missing in the checkpoint")
    }
  }
}

extension NamedTensor {
  /// The elements.
  ///
  /// - Throws: ``TrainingError/weights(name:problem:)`` where they are of another type.
  func singlePrecision() throws -> [Float] {
    guard let floats else {
      throw TrainingError.weights(name: name, problem: "holds \(values.typeName) and not single precision")
    }
    return floats
  }
}
