import CLabKernels
import LabCore
import LabGraph

extension Emission {
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

extension Activation: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let kernel = emission.kernelTable.activation!
    let code = function.kernelCode
    try emission.emitElementwise(.elementwise, [node.inputs[0]], to: node.outputs[0]) { kernel($0, code, $1[0], $2) }
  }
}

extension ActivationGradient: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let kernel = emission.kernelTable.activationGradient!
    let code = function.kernelCode
    try emission.emitElementwise(.elementwise, node.inputs, to: node.outputs[0]) {
      kernel($0, code, $1[0], $1[1], $2)
    }
  }
}

extension Binary: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (a, b, y) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let sameShape = emission.shape(a) == emission.shape(b)
    // Zero divided by zero would spoil the padding of a blocked tensor.
    let isSafe = function != .divide || emission.naturalForm(y) == .flat || emission.shape(y)[1] % emission.block == 0
    if sameShape, isSafe {
      let kernel = emission.kernelTable.binary!
      let code = function.kernelCode
      return try emission.emitElementwise(.elementwise, [a, b], to: y) { kernel($0, code, $1[0], $1[1], $2) }
    }
    try emitBroadcasting(a, b, y, node, emission)
  }

  /// Anything else: strides of zero repeat an operand.
  private func emitBroadcasting(
    _ a: ValueID, _ b: ValueID, _ y: ValueID, _ node: Graph.Node, _ emission: Emission
  ) throws {
    let kernel = emission.kernelTable.binaryStrided!
    let code = function.kernelCode
    let shape = emission.shape(y)
    if emission.naturalForm(y) == .blocked, let left = try blockedOperand(a, shape, emission),
      let right = try blockedOperand(b, shape, emission)
    {
      let extent = emission.extent(y)
      let result = emission.define(y, .blocked)
      emission.add(
        ChunkKernel(
          .elementwise, path: node.path, samples: extent.samples, reads: [left.slot, right.slot], writes: [result]
        ) { worker in
          let dims = [worker.count, extent.blocks, extent.pixels, emission.block]
          kernel(
            4, dims, code, left.isPerSample ? worker.pointer(left.slot) : worker.whole(left.slot), left.strides,
            right.isPerSample ? worker.pointer(right.slot) : worker.whole(right.slot), right.strides,
            worker.pointer(result))
        })
      return
    }
    let (left, right) = (try emission.demand(a, .flat), try emission.demand(b, .flat))
    let result = emission.define(y, .flat)
    let dims = shape.dimensions
    let leftStrides = Binary.strides(emission.shape(a), in: shape)
    let rightStrides = Binary.strides(emission.shape(b), in: shape)
    emission.add(
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
  private func blockedOperand(_ value: ValueID, _ target: Shape, _ emission: Emission) throws -> BlockedOperand? {
    let shape = emission.shape(value)
    let block = emission.block
    guard target[1] % block == 0 else { return nil }
    let extent = LabExtent(
      samples: target[0], channels: target[1], blocks: target[1] / block, pixels: target[2] * target[3])
    if shape == target {
      return BlockedOperand(
        slot: try emission.demand(value, .blocked),
        strides: [target[1] * extent.pixels, extent.pixels * block, block, 1], isPerSample: true)
    }
    if shape == [target[0], target[1], 1, 1], target[0] > 1 {
      return BlockedOperand(
        slot: try emission.demand(value, .flat), strides: [target[1], block, 0, 1], isPerSample: true)
    }
    if shape == [target[0], 1, target[2], target[3]] {
      return BlockedOperand(
        slot: try emission.demand(value, .flat), strides: [extent.pixels, 0, 1, 0], isPerSample: true)
    }
    if shape == [1, target[1], 1, 1] || shape == [target[1], 1, 1] {
      return BlockedOperand(slot: try emission.demand(value, .flat), strides: [0, block, 0, 1], isPerSample: false)
    }
    if shape.elementCount == 1 {
      return BlockedOperand(slot: try emission.demand(value, .flat), strides: [0, 0, 0, 0], isPerSample: false)
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

extension Unary: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let kernel = emission.kernelTable.unary!
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
      default: emission.shape(node.outputs[0]).rank < 2 || emission.shape(node.outputs[0])[1] % emission.block == 0
      }
    let (x, y) = (node.inputs[0], node.outputs[0])
    if keepsZero || emission.naturalForm(y) == .flat {
      return try emission.emitElementwise(.elementwise, [x], to: y) { kernel($0, code, factor, offset, $1[0], $2) }
    }
    let source = try emission.demand(x, .flat)
    let result = emission.define(y, .flat)
    let count = emission.shape(y).elementCount
    emission.add(
      WholeKernel(.elementwise, path: node.path, reads: [source], writes: [result]) { step in
        kernel(count, code, factor, offset, step.pointer(source), step.pointer(result))
      })
  }
}
