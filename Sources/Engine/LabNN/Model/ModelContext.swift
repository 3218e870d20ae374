import LabCore
import LabGraph

/// What layers are built in: the graph, whether it trains, and a record of parameters and run-time scalars.
public final class ModelContext {
  /// What the graph is for.
  public enum Mode: String, Sendable {
    /// Batch statistics, dropout.
    case training
    /// Running statistics, no dropout.
    case evaluation
    /// Batch statistics, which are what the graph is for; no dropout.
    case calibration
  }

  /// The running statistics of a normalisation, of which a batch's own are measured.
  public struct MeasuredStatistics: Hashable, Sendable {
    /// The `state_dict` name of the running mean.
    public var mean: String
    /// The `state_dict` name of the running variance.
    public var variance: String
    /// The number of values of a batch that a channel's mean is that of.
    public var count: Int
  }

  /// The set of weights that a graph reads.
  public enum Weights: Sendable {
    /// The parameters themselves.
    case current
    /// The moving averages that ``MovingAverageConfiguration`` keeps.
    case averaged
  }

  /// The graph's builder.
  public let builder: GraphBuilder
  /// What the graph is for.
  public let mode: Mode
  /// The set of weights that the graph reads.
  public let weights: Weights
  /// The parameters and buffers so far, in order of declaration.
  public private(set) var declarations: [ParameterDeclaration] = []
  /// The variables of ``declarations``, in the same order.
  public private(set) var variables: [Tensor] = []
  /// The run-time scalars so far, in order of declaration.
  public private(set) var scalars: [any RuntimeScalar] = []
  /// The running statistics that the graph writes, by name: the value after the step.
  public private(set) var bufferUpdates: [String: Tensor] = [:]
  /// The statistics that a calibration measures, with the batch's means and unbiased variances, in the order of the layers.
  public private(set) var measuredStatistics:
    [(statistics: MeasuredStatistics, batch: (mean: Tensor, variance: Tensor))] = []
  /// The logits of auxiliary heads, and the weight of each head's loss in training.
  public private(set) var auxiliaries: [(logits: Tensor, weight: Float)] = []
  /// The parts that can be replaced after training so far, in the order in which they are computed.
  public private(set) var parts: [ModelPart] = []
  /// Whether a layer has taken parameters of another one; see ``sharing(_:_:)``.
  public private(set) var hasSharedParameters = false
  private var tags: Set<String> = []
  /// The path of the first layer of those that share parameters, by their key.
  private var sharedPaths: [AnyHashable: String] = [:]
  private var sharing: (path: String, source: String)?
  private let frozenStatistics: [ParameterGroup]

  /// Creates a context.
  ///
  /// - Parameters:
  ///   - mode: what the graph is for.
  ///   - weights: the weights themselves or their moving averages.
  ///   - builder: where the graph is built.
  ///   - frozenStatistics: patterns of the normalizations that train with their running statistics and keep them.
  public init(
    _ mode: Mode, weights: Weights = .current, builder: GraphBuilder = GraphBuilder(),
    frozenStatistics: [String] = []
  ) {
    self.frozenStatistics = frozenStatistics.map { ParameterGroup(pattern: $0) }
    self.mode = mode
    self.weights = weights
    self.builder = builder
  }

  /// Runs `body` inside a layer's name, such as `conv1`; an empty one adds nothing.
  public func scope<R>(_ name: String, _ body: () throws -> R) rethrows -> R { try builder.scope(name, body) }

  /// Runs `body` with a tag on all parameters that it declares.
  public func tagged<R>(_ tag: String, _ body: () throws -> R) rethrows -> R {
    let saved = tags
    tags.insert(tag)
    defer { tags = saved }
    return try body()
  }

  /// Runs `body` with parameters that all layers with an equal key have in common.
  ///
  /// They are declared once, by the names that they have in the first of these layers. Normalizations are not shared: each
  /// layer's statistics are its own, and so are the scales and shifts that go with them.
  ///
  /// - Parameters:
  ///   - key: what is equal for layers that share.
  ///   - body: builds what is shared, inside the current layer.
  /// - Throws: what `body` throws.
  public func sharing<R>(_ key: some Hashable & Sendable, _ body: () throws -> R) rethrows -> R {
    let saved = sharing
    defer { sharing = saved }
    let source = sharedPaths[AnyHashable(key)] ?? builder.path
    sharedPaths[AnyHashable(key)] = source
    sharing = (builder.path, source)
    return try body()
  }

  /// Declares a parameter of the current layer.
  ///
  /// - Throws: ``LabGraph/GraphError/name(subject:problem:)`` where the name is taken.
  public func parameter(
    _ suffix: String, _ shape: Shape, _ initializer: Initializer,
    category: ParameterDeclaration.Category = .weight
  ) throws -> Tensor {
    try declare(suffix, shape, .parameter, initializer, category)
  }

  /// Declares a buffer of the current layer: a tensor of the state_dict that is not trained.
  ///
  /// - Throws: ``LabGraph/GraphError/name(subject:problem:)`` where the name is taken.
  public func buffer(_ suffix: String, _ shape: Shape, _ initializer: Initializer) throws -> Tensor {
    try declare(suffix, shape, .buffer, initializer, .normalization)
  }

  /// Sets a buffer's value at the end of the step.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes differ.
  public func update(_ buffer: Tensor, to value: Tensor) throws {
    try builder.update(buffer, to: value)
    if let index = variables.firstIndex(where: { $0.id == buffer.id }) {
      bufferUpdates[declarations[index].name] = value
    }
  }

  /// Notes a batch's statistics for the running ones that they are measured for.
  ///
  /// - Parameters:
  ///   - running: the running mean and variance.
  ///   - batch: the batch's mean and unbiased variance.
  ///   - count: the number of values of a batch that a channel's mean is that of.
  func measure(
    _ running: (mean: Tensor, variance: Tensor), as batch: (mean: Tensor, variance: Tensor), count: Int
  ) {
    func name(_ buffer: Tensor) -> String {
      variables.firstIndex { $0.id == buffer.id }.map { declarations[$0].name } ?? ""
    }
    measuredStatistics.append(
      (MeasuredStatistics(mean: name(running.mean), variance: name(running.variance), count: count), batch))
  }

  /// Adds the loss of an auxiliary head's logits `[N, classes]` to that of a training step.
  public func addAuxiliary(_ logits: Tensor, weight: Float) { auxiliaries.append((logits, weight)) }

  /// Whether a normalisation uses its running statistics in training too, and keeps them.
  ///
  /// - Parameter buffer: one of its running statistics.
  public func keepsStatistics(_ buffer: Tensor) -> Bool {
    guard let index = variables.firstIndex(where: { $0.id == buffer.id }) else { return false }
    return frozenStatistics.contains { $0.matches(declarations[index]) }
  }

  /// Marks an attention of the current layer as a part that can be replaced after training.
  ///
  /// ## Shapes
  /// - `weights`: `[N, …]`; result: the same.
  ///
  /// - Parameters:
  ///   - kind: what the weights are of.
  ///   - weights: the weights, a sample each along the first axis.
  /// - Returns: the weights, as they are.
  public func attention(_ kind: ModelPart.Kind, _ weights: Tensor) -> Tensor {
    parts.append(ModelPart(kind: kind, path: builder.path, weights))
    return weights
  }

  /// Marks a block with a shortcut as a part that can be left out after training.
  ///
  /// It can where its result is of its input's shape.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; `result`: any; result: that.
  ///
  /// - Parameters:
  ///   - x: what comes in.
  ///   - result: what goes out.
  /// - Returns: the result, as it is.
  public func block(_ x: Tensor, _ result: Tensor) -> Tensor {
    parts.append(ModelPart(kind: .block, path: builder.path, result, input: x.id))
    return result
  }

  /// The input of a run-time scalar, declared once however many layers use it.
  ///
  /// - Throws: ``ModelError/scalar(name:first:second:)`` where another definition has the name.
  public func scalar(_ scalar: some RuntimeScalar) throws -> Tensor {
    if let existing = scalars.first(where: { $0.name == scalar.name }) {
      guard AnyHashable(existing) == AnyHashable(scalar) else {
        throw ModelError.scalar(name: scalar.name, first: "\(existing)", second: "\(scalar)")
      }
    } else {
      scalars.append(scalar)
    }
    return try builder.input(scalar.name, .scalar, scalar is StepNumber ? .int32 : .float32)
  }

  /// The name of a layer's random numbers, of which the run's seed makes a stream; see ``LabGraph/SeededOperation``.
  ///
  /// - Parameter purpose: what the numbers are for, such as `dropout`.
  public func streamName(_ purpose: String) -> String { "\(purpose)/\(builder.path)" }

  private func declare(
    _ suffix: String, _ shape: Shape, _ role: Variable.Role, _ initializer: Initializer,
    _ category: ParameterDeclaration.Category
  ) throws -> Tensor {
    let name = builder.path.isEmpty ? suffix : "\(builder.path).\(suffix)"
    if let shared = try shared(name, shape, category) { return shared }
    let tensor =
      switch weights {
      case .current: try builder.variable(named: name, shape, role: role)
      case .averaged:
        try builder.variable(named: MovingAverageConfiguration.variableName(of: name), shape, role: .optimizerState)
      }
    declarations.append(
      ParameterDeclaration(
        name: name, shape: shape, role: role, initializer: initializer, category: category, tags: tags))
    variables.append(tensor)
    return tensor
  }

  /// The parameter of another layer that stands in for one of the current layer; nil where it has its own.
  private func shared(
    _ name: String, _ shape: Shape, _ category: ParameterDeclaration.Category
  ) throws -> Tensor? {
    guard let sharing, sharing.source != sharing.path, category != .normalization else { return nil }
    let common = sharing.source + name.dropFirst(sharing.path.count)
    guard let index = declarations.firstIndex(where: { $0.name == common }) else { return nil }
    guard declarations[index].shape == shape else {
      throw GraphError.shape(
        operation: "shared parameter", path: builder.path, expected: "\(declarations[index].shape) as in \(common)",
        actual: "\(shape)")
    }
    hasSharedParameters = true
    return variables[index]
  }
}
