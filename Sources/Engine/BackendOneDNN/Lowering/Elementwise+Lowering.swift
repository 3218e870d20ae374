import CLabKernels
import LabCore
import LabGraph

extension Lowering {
  /// Emits a kernel over two or more tensors of one shape that treats each element alike, in whatever form they have.
  func emitElementwise(
    _ kind: KernelKind, _ inputs: [ValueID], to output: ValueID,
    _ body:
      @escaping (_ count: Int, _ inputs: [UnsafeMutablePointer<Float>], _ output: UnsafeMutablePointer<Float>)
      -> Void
  ) throws {
    let form = naturalForm(output)
    let operands = try inputs.map { try demand($0, form) }
    let result = define(output, form)
    let replacements = operands.map { (result: result, operand: $0) }
    if form == .blocked {
      let perSample = slots[result.index].bytesPerSample / 4
      add(
        ChunkKernel(
          kind, path: node.path, samples: shape(output)[0], reads: operands, writes: [result],
          replacements: replacements
        ) { worker in
          body(worker.count * perSample, operands.map(worker.pointer), worker.pointer(result))
        })
    } else {
      let count = shape(output).elementCount
      add(
        WholeKernel(kind, path: node.path, reads: operands, writes: [result], replacements: replacements) { step in
          body(count, operands.map(step.pointer), step.pointer(result))
        })
    }
  }
}

extension Activation: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    if lowering.naturalForm(y) == .blocked, node.stage == .forward {
      if case .apply(var expression) = lowering.pending[x], expression.activation == LAB_ACTIVATION_NONE {
        expression.activation = function.kernelCode
        lowering.pending[y] = .apply(expression)
      } else {
        lowering.pending[y] = .apply(ApplyExpression(x: .value(x), activation: function.kernelCode))
      }
      return
    }
    let kernel = lowering.kernelTable.activation!
    let code = function.kernelCode
    try lowering.emitElementwise(.elementwise, [x], to: y) { kernel($0, code, $1[0], $2) }
  }
}

extension ActivationGradient: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (upstream, saved, result) = (node.inputs[0], node.inputs[1], node.outputs[0])
    guard lowering.naturalForm(result) == .blocked else {
      let kernel = lowering.kernelTable.activationGradient!
      let code = function.kernelCode
      return try lowering.emitElementwise(.elementwise, [upstream, saved], to: result) {
        kernel($0, code, $1[0], $1[1], $2)
      }
    }
    var expression = GradientExpression(upstream1: .value(upstream))
    switch lowering.pending[upstream] {
    case .gradient(let sum) where sum.isSum && !lowering.isNeededElsewhere(upstream, than: node): expression = sum
    case .broadcast(let value, let factor):
      expression = GradientExpression(addend: value, addendFactor: factor)
    default: break
    }
    expression.activation = function.kernelCode
    if case .apply(let forward) = lowering.pending[saved], forward.isCheap {
      expression.recomputed = forward
      expression.recomputed?.activation = LAB_ACTIVATION_NONE
    } else {
      expression.saved = saved
    }
    lowering.pending[result] = .gradient(expression)
  }
}

extension Lowering {
  /// Whether a value has readers besides one node, or leaves the graph, so that it must be computed anyway.
  func isNeededElsewhere(_ value: ValueID, than node: Graph.Node) -> Bool {
    escaping.contains(value) || consumers[value.index].count > 1
  }
}

extension Binary: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (a, b, y) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let sameShape = lowering.shape(a) == lowering.shape(b)
    if sameShape, function == .add, lowering.naturalForm(y) == .blocked {
      return node.stage == .forward ? lowerSum(a, b, y, lowering) : lowerGradientSum(a, b, y, node, lowering)
    }
    // Zero divided by zero would spoil the padding of a blocked tensor.
    let isSafe = function != .divide || lowering.naturalForm(y) == .flat || lowering.shape(y)[1] % lowering.block == 0
    if sameShape, isSafe {
      let kernel = lowering.kernelTable.binary!
      let code = function.kernelCode
      return try lowering.emitElementwise(.elementwise, [a, b], to: y) { kernel($0, code, $1[0], $1[1], $2) }
    }
    try lowerBroadcasting(a, b, y, node, lowering)
  }

  /// Residual sums are folded into the pass that normalises one of the branches.
  private func lowerSum(_ a: ValueID, _ b: ValueID, _ y: ValueID, _ lowering: Lowering) {
    func affine(_ value: ValueID) -> ApplyExpression? {
      guard case .apply(let expression) = lowering.pending[value], expression.isAffine, expression.affine != nil
      else { return nil }
      return expression
    }
    switch (affine(a), affine(b)) {
    case (var left?, let right?):
      left.residual = right.x
      left.residualAffine = right.affine
      lowering.pending[y] = .apply(left)
    case (var left?, nil):
      left.residual = .value(b)
      lowering.pending[y] = .apply(left)
    case (nil, var right?):
      right.residual = .value(a)
      lowering.pending[y] = .apply(right)
    case (nil, nil):
      lowering.pending[y] = .apply(ApplyExpression(x: .value(a), residual: .value(b)))
    }
  }

  private func lowerGradientSum(
    _ a: ValueID, _ b: ValueID, _ y: ValueID, _ node: Graph.Node, _ lowering: Lowering
  ) {
    func expression(_ value: ValueID) -> GradientExpression {
      switch lowering.pending[value] {
      case .gradient(let sum) where sum.isSum && !lowering.isNeededElsewhere(value, than: node): return sum
      case .broadcast(let source, let factor): return GradientExpression(addend: source, addendFactor: factor)
      default: return GradientExpression(upstream1: .value(value))
      }
    }
    if let channels = lowering.disjointSum(a, b) {
      lowering.pending[y] = .selection(channels)
      return
    }
    let (left, right) = (expression(a), expression(b))
    if let sum = merge(left, right) {
      lowering.pending[y] = .gradient(sum)
    } else {
      lowering.pending[y] = .gradient(GradientExpression(upstream1: .value(a), upstream2: .value(b)))
    }
  }

  private func merge(_ left: GradientExpression, _ right: GradientExpression) -> GradientExpression? {
    guard left.addend == nil || right.addend == nil else { return nil }
    var sum: GradientExpression? = left
    if right.addend != nil {
      sum?.addend = right.addend
      sum?.addendFactor = right.addendFactor
    }
    for operand in [right.upstream1, right.upstream2] {
      if let operand { sum = sum?.adding(operand) }
    }
    return sum
  }

  /// Anything else: strides of zero repeat an operand.
  private func lowerBroadcasting(
    _ a: ValueID, _ b: ValueID, _ y: ValueID, _ node: Graph.Node, _ lowering: Lowering
  ) throws {
    let kernel = lowering.kernelTable.binaryStrided!
    let code = function.kernelCode
    let shape = lowering.shape(y)
    if lowering.naturalForm(y) == .blocked, let left = try blockedOperand(a, shape, lowering),
      let right = try blockedOperand(b, shape, lowering)
    {
      let extent = lowering.extent(y)
      let result = lowering.define(y, .blocked)
      lowering.add(
        ChunkKernel(
          .elementwise, path: node.path, samples: extent.samples, reads: [left.slot, right.slot], writes: [result]
        ) { worker in
          let dims = [worker.count, extent.blocks, extent.pixels, lowering.block]
          kernel(
            4, dims, code, left.isPerSample ? worker.pointer(left.slot) : worker.whole(left.slot), left.strides,
            right.isPerSample ? worker.pointer(right.slot) : worker.whole(right.slot), right.strides,
            worker.pointer(result))
        })
      return
    }
    let (left, right) = (try lowering.demand(a, .flat), try lowering.demand(b, .flat))
    let result = lowering.define(y, .flat)
    let dims = shape.dimensions
    let leftStrides = Binary.strides(lowering.shape(a), in: shape)
    let rightStrides = Binary.strides(lowering.shape(b), in: shape)
    lowering.add(
      WholeKernel(.elementwise, path: node.path, reads: [left, right], writes: [result]) { step in
        kernel(
          max(dims.count, 1), dims.isEmpty ? [1] : dims, code, step.pointer(left),
          leftStrides.isEmpty ? [0] : leftStrides,
          step.pointer(right), rightStrides.isEmpty ? [0] : rightStrides, step.pointer(result))
      })
  }

  private struct BlockedOperand {
    var slot: SlotID
    var strides: [Int]
    var isPerSample: Bool
  }

  /// An operand of a blocked result: a whole image, a vector of channels for each sample or for all, a plane of pixels,
  /// or a scalar.
  private func blockedOperand(_ value: ValueID, _ target: Shape, _ lowering: Lowering) throws -> BlockedOperand? {
    let shape = lowering.shape(value)
    let block = lowering.block
    guard target[1] % block == 0 else { return nil }
    let extent = LabExtent(
      samples: target[0], channels: target[1], blocks: target[1] / block, pixels: target[2] * target[3])
    if shape == target {
      return BlockedOperand(
        slot: try lowering.demand(value, .blocked),
        strides: [target[1] * extent.pixels, extent.pixels * block, block, 1], isPerSample: true)
    }
    if shape == [target[0], target[1], 1, 1], target[0] > 1 {
      return BlockedOperand(
        slot: try lowering.demand(value, .flat), strides: [target[1], block, 0, 1], isPerSample: true)
    }
    if shape == [target[0], 1, target[2], target[3]] {
      return BlockedOperand(
        slot: try lowering.demand(value, .flat), strides: [extent.pixels, 0, 1, 0], isPerSample: true)
    }
    if shape == [1, target[1], 1, 1] || shape == [target[1], 1, 1] {
      return BlockedOperand(slot: try lowering.demand(value, .flat), strides: [0, block, 0, 1], isPerSample: false)
    }
    if shape.elementCount == 1 {
      return BlockedOperand(slot: try lowering.demand(value, .flat), strides: [0, 0, 0, 0], isPerSample: false)
    }
    return nil
  }

  /// Element strides of an operand in a broadcast result.
  private static func strides(_ shape: Shape, in target: Shape) -> [Int] {
    let own = shape.strides
    let lead = target.rank - shape.rank
    return (0..<target.rank).map { axis in
      axis < lead || shape[axis - lead] == 1 ? 0 : own[axis - lead]
    }
  }
}

extension Binary.Function {
  /// The kernels' name of the function.
  var kernelCode: LabBinary {
    switch self {
    case .add: LAB_ADD
    case .subtract: LAB_SUBTRACT
    case .multiply: LAB_MULTIPLY
    case .divide: LAB_DIVIDE
    }
  }
}

extension Unary: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let kernel = lowering.kernelTable.unary!
    let (code, factor, offset): (LabUnary, Float, Float) =
      switch function {
      case .negate: (LAB_NEGATE, 0, 0)
      case .exponential: (LAB_EXPONENTIAL, 0, 0)
      case .logarithm: (LAB_LOGARITHM, 0, 0)
      case .square: (LAB_SQUARE, 0, 0)
      case .squareRoot: (LAB_SQUARE_ROOT, 0, 0)
      case .reciprocal: (LAB_RECIPROCAL, 0, 0)
      case .reciprocalSquareRoot: (LAB_RECIPROCAL_SQUARE_ROOT, 0, 0)
      case .affine(let factor, let offset): (LAB_AFFINE, factor, offset)
      }
    // Functions that do not map zero to zero would fill the padding of a blocked tensor.
    let keepsZero =
      switch function {
      case .negate, .square, .squareRoot: true
      case .affine(_, let offset): offset == 0
      default: lowering.shape(node.outputs[0]).rank < 2 || lowering.shape(node.outputs[0])[1] % lowering.block == 0
      }
    let (x, y) = (node.inputs[0], node.outputs[0])
    if keepsZero || lowering.naturalForm(y) == .flat {
      return try lowering.emitElementwise(.elementwise, [x], to: y) { kernel($0, code, factor, offset, $1[0], $2) }
    }
    let source = try lowering.demand(x, .flat)
    let result = lowering.define(y, .flat)
    let count = lowering.shape(y).elementCount
    lowering.add(
      WholeKernel(.elementwise, path: node.path, reads: [source], writes: [result]) { step in
        kernel(count, code, factor, offset, step.pointer(source), step.pointer(result))
      })
  }
}
