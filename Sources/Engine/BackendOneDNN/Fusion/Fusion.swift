import LabCore
import LabGraph

/// Which values can be computed in one pass with others.
///
/// The first look at a graph, before any kernel is chosen: it depends on the graph alone, neither on the processor nor on
/// what is computed already. ``Emission`` then goes through the nodes in order, skips those that are absorbed, and has an
/// expression computed when somebody reads its value.
///
/// This is an analysis and no rewriting of the graph, because an expression often serves several times: a normalized and
/// activated image is computed in the forward pass, once more in the backward pass, and its derivative within another pass
/// over the gradient. A graph of composite operations would need a node for each, and could not leave to the emission which
/// of them are ever asked for.
package struct Fusion {
  private let graph: Graph
  private let consumers: [[Int]]
  /// Values that are read after the step or become a variable's value.
  private let escaping: Set<ValueID>
  /// The values that one pass can give, all of them images in blocks of channels.
  package private(set) var expressions: [ValueID: FusedExpression] = [:]
  /// Positions of the nodes for which there is nothing to do but to compute their expression when it is wanted.
  package private(set) var absorbedNodes: Set<Int> = []

  package init(_ graph: Graph) {
    self.graph = graph
    consumers = graph.consumers()
    escaping = Set(graph.outputs.map(\.value) + graph.updates.map(\.value))
    for (index, node) in graph.nodes.enumerated() { fuse(node, at: index) }
  }

  private mutating func fuse(_ node: Graph.Node, at index: Int) {
    guard let result = node.outputs.first else { return }
    switch node.operation {
    // These have kernels of their own: a convolution, statistics, sums.
    case is Convolution2D: expressions[result] = biased(node)
    case is BatchNormalization: expressions[result] = normalized(node, isPerSample: false, ofMatrices: false)
    case is GroupNormalization: expressions[result] = normalized(node, isPerSample: true, ofMatrices: false)
    // A matrix [N, C] is an image of one pixel: the same pass serves both.
    case is BatchNormalizationInference: expressions[result] = normalized(node, isPerSample: false, ofMatrices: true)
    case is BatchNormalizationGradient:
      guard isImage(node.inputs[0]) else { return }
      expressions[result] = .normGradient(NormGradientExpression(upstream: node.inputs[0], x: node.inputs[1]))
    default:
      guard let expression = expression(of: node) else { return }
      expressions[result] = expression
      absorbedNodes.insert(index)
    }
  }

  /// The expression of a node that needs nothing else.
  private func expression(of node: Graph.Node) -> FusedExpression? {
    let (x, y) = (node.inputs.first, node.outputs[0])
    switch node.operation {
    case let operation as Activation:
      return form(y) == .blocked && node.stage == .forward ? activated(x!, operation.function) : nil
    case let operation as ActivationGradient:
      return form(y) == .blocked ? gradient(node, operation.function) : nil
    case let operation as Binary:
      guard operation.function == .add, form(y) == .blocked,
        graph.shape(of: node.inputs[0]) == graph.shape(of: node.inputs[1])
      else { return nil }
      return node.stage == .forward ? sum(node.inputs[0], node.inputs[1]) : gradientSum(node)
    case let operation as Broadcast:
      return form(y) == .blocked && operation.axes == [2, 3] ? .broadcast(x!, factor: operation.factor) : nil
    case let operation as ChannelShuffle:
      let channels = channels(of: x!)
      return .selection(operation.sources(channels: channels.count).map { channels[$0] })
    case let operation as Concatenation:
      guard operation.axis == 1, form(y) == .blocked else { return nil }
      return .selection(node.inputs.flatMap(channels))
    case let operation as Slice:
      guard operation.axis == 1, form(x!) == .blocked else { return nil }
      return .selection(Array(channels(of: x!)[operation.start..<operation.start + operation.count]))
    case let operation as Pad:
      guard operation.axis == 1, form(y) == .blocked else { return nil }
      func zeros(_ count: Int) -> [ChannelSource?] { [ChannelSource?](repeating: nil, count: count) }
      return .selection(zeros(operation.before) + channels(of: x!) + zeros(operation.after))
    default: return nil
    }
  }

  private func form(_ value: ValueID) -> Form { Form.natural(for: graph.type(of: value)) }

  private func isImage(_ value: ValueID) -> Bool { graph.shape(of: value).rank == 4 }

  // MARK: Forward

  /// The bias joins whatever element-wise pass comes next.
  private func biased(_ node: Graph.Node) -> FusedExpression? {
    let y = node.outputs[0]
    guard node.inputs.count == 3, form(y) == .blocked else { return nil }
    return .apply(ApplyExpression(x: .unbiased(y), affine: AffineReference(result: y)))
  }

  private func normalized(_ node: Graph.Node, isPerSample: Bool, ofMatrices: Bool) -> FusedExpression? {
    guard ofMatrices || isImage(node.inputs[0]) else { return nil }
    let affine = AffineReference(result: node.outputs[0], isPerSample: isPerSample)
    return .apply(ApplyExpression(x: .value(node.inputs[0]), affine: affine))
  }

  private func activated(_ x: ValueID, _ function: Activation.Function) -> FusedExpression {
    guard case .apply(var expression) = expressions[x], expression.activation == nil else {
      return .apply(ApplyExpression(x: .value(x), activation: function))
    }
    expression.activation = function
    return .apply(expression)
  }

  /// Residual sums are folded into the pass that normalizes one of the branches, or both.
  private func sum(_ a: ValueID, _ b: ValueID) -> FusedExpression {
    func affine(_ value: ValueID) -> ApplyExpression? {
      guard case .apply(let expression) = expressions[value], expression.isAffine else { return nil }
      return expression
    }
    switch (affine(a), affine(b)) {
    case (var left?, let right?):
      left.residual = right.x
      left.residualAffine = right.affine
      return .apply(left)
    case (var left?, nil):
      left.residual = .value(b)
      return .apply(left)
    case (nil, var right?):
      right.residual = .value(a)
      return .apply(right)
    case (nil, nil): return .apply(ApplyExpression(x: .value(a), residual: .value(b)))
    }
  }

  // MARK: Backward

  private func gradient(_ node: Graph.Node, _ function: Activation.Function) -> FusedExpression {
    let saved = node.inputs[1]
    var expression = upstream(node.inputs[0], of: node)
    expression.activation = function
    if case .apply(var forward) = expressions[saved], forward.isCheap {
      forward.activation = nil
      expression.recomputed = forward
    } else {
      expression.saved = saved
    }
    return .gradient(expression)
  }

  /// A gradient as a part of its consumer's expression: by itself, unless nobody else needs what it is a sum of.
  private func upstream(_ value: ValueID, of node: Graph.Node) -> GradientExpression {
    switch expressions[value] {
    case .gradient(let sum) where sum.isSum && !isNeededElsewhere(value): sum
    case .broadcast(let source, let factor): GradientExpression(addend: source, addendFactor: factor)
    default: GradientExpression(upstream1: value)
    }
  }

  /// Whether a value has several readers, or leaves the graph, so that it must be computed anyway.
  func isNeededElsewhere(_ value: ValueID) -> Bool {
    escaping.contains(value) || consumers[value.index].count > 1
  }

  private func gradientSum(_ node: Graph.Node) -> FusedExpression {
    let (a, b) = (node.inputs[0], node.inputs[1])
    if let channels = disjointSum(a, b) { return .selection(channels) }
    let sum = upstream(a, of: node).adding(upstream(b, of: node))
    return .gradient(sum ?? GradientExpression(upstream1: a, upstream2: b))
  }

  /// The batch normalizations whose gradients take their sums from the pass that computes the gradient of their result: the
  /// two branches of a residual block have it in common.
  ///
  /// - Parameter node: a `BatchNormalizationGradient`, which comes first.
  func nodesSharingSums(with node: Graph.Node) -> [Graph.Node] {
    let upstream = node.inputs[0]
    let other = consumers[upstream.index].map { graph.nodes[$0] }.first {
      $0.operation is BatchNormalizationGradient && $0.inputs[0] == upstream && $0.inputs[1] != node.inputs[1]
    }
    return [node] + [other].compactMap { $0 }
  }

  // MARK: Channels and pixels

  /// The channels that an image has: its own, or those it will be put together from.
  private func channels(of value: ValueID) -> [ChannelSource?] {
    if case .selection(let sources) = expressions[value] { return sources }
    return (0..<graph.shape(of: value)[1]).map { ChannelSource(value: value, channel: $0) }
  }

  /// The sum of two selections that share no channel, or nil.
  private func disjointSum(_ a: ValueID, _ b: ValueID) -> [ChannelSource?]? {
    guard case .selection(let left) = expressions[a], case .selection(let right) = expressions[b],
      zip(left, right).allSatisfy({ $0 == nil || $1 == nil })
    else { return nil }
    return zip(left, right).map { $0 ?? $1 }
  }

  /// Whether the forward pass averages a value over its pixels, so that the pass that computes it should sum them.
  func isPooledLater(_ value: ValueID) -> Bool {
    consumers[value.index].contains { index in
      guard let reduction = graph.nodes[index].operation as? Reduction else { return false }
      return reduction.function != .maximum && reduction.axes == [2, 3] && graph.nodes[index].stage == .forward
    }
  }

  /// Whether the forward pass computes a value.
  func isOfForwardPass(_ value: ValueID) -> Bool {
    guard case .node(let index, _) = graph.values[value.index].origin else { return false }
    return graph.nodes[index].stage == .forward
  }
}
