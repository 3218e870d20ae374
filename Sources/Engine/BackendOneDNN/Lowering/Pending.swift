import CLabKernels
import LabCore
import LabGraph

/// An operand that may still have to be computed.
enum Operand: Hashable {
  case value(ValueID)
  case slot(SlotID)
}

/// Per-channel factors and offsets, padded to whole blocks.
struct ChannelAffine: Hashable {
  var scale: SlotID
  var shift: SlotID
  /// Whether each sample has vectors of its own.
  var isPerSample = false

  /// The factors and offsets of a sample.
  func vectors(_ worker: Worker, sample: Int) -> (scale: UnsafePointer<Float>, shift: UnsafePointer<Float>) {
    isPerSample
      ? (UnsafePointer(worker.pointer(scale, sample: sample)), UnsafePointer(worker.pointer(shift, sample: sample)))
      : (UnsafePointer(worker.whole(scale)), UnsafePointer(worker.whole(shift)))
  }
}

/// A value that is not computed yet, because a consumer may take more into the same pass.
enum Pending {
  case apply(ApplyExpression)
  case gradient(GradientExpression)
  case normGradient(NormGradientExpression)
  /// `factor · value[n][c]` at every pixel.
  case broadcast(ValueID, factor: Float)
  /// Channels of other values, and zeros.
  case selection([ChannelSource?])
}

/// `activation(affine(x) + residual)`.
struct ApplyExpression {
  var x: Operand
  var affine: ChannelAffine?
  var residual: Operand?
  var residualAffine: ChannelAffine?
  var activation = LAB_ACTIVATION_NONE

  /// Whether it reads one tensor that the backward pass of a normalisation keeps anyway, so that computing it again
  /// costs no more traffic than storing and reading it.
  var isCheap: Bool { affine != nil && residual == nil }
  /// Whether samples have factors of their own, and so are computed one by one.
  var isPerSample: Bool { affine?.isPerSample == true || residualAffine?.isPerSample == true }
  /// Whether more can still be added before the activation.
  var isAffine: Bool { residual == nil && activation == LAB_ACTIVATION_NONE }
}

/// `(upstream1 + upstream2 + factor · addend) · activation'`.
struct GradientExpression {
  var upstream1: Operand?
  var upstream2: Operand?
  var addend: ValueID?
  var addendFactor: Float = 1
  var activation = LAB_ACTIVATION_NONE
  /// The activation's result or operand, as its function asks for; nil where it is computed again from `recomputed`.
  var saved: ValueID?
  var recomputed: ApplyExpression?

  var isSum: Bool { activation == LAB_ACTIVATION_NONE }

  /// Adds a tensor to the sum, where there is room.
  func adding(_ operand: Operand) -> GradientExpression? {
    guard isSum else { return nil }
    var sum = self
    if sum.upstream1 == nil {
      sum.upstream1 = operand
    } else if sum.upstream2 == nil {
      sum.upstream2 = operand
    } else {
      return nil
    }
    return sum
  }
}

/// Vectors `[C]` of batch normalisation's backward pass: `dx = a·g + b·x + c`.
struct NormGradientCoefficients {
  var a: SlotID
  var b: SlotID
  var c: SlotID
  var scaleGradient: SlotID
  var shiftGradient: SlotID
}

/// The gradient of a normalised tensor once its sums are known.
struct NormGradientExpression {
  var upstream: SlotID
  var x: Operand
  var coefficients: NormGradientCoefficients
}

extension Activation.Function {
  /// The kernels' name of the function.
  var kernelCode: LabActivation {
    switch self {
    case .relu: LAB_ACTIVATION_RELU
    case .relu6: LAB_ACTIVATION_RELU6
    case .silu: LAB_ACTIVATION_SILU
    case .hardSwish: LAB_ACTIVATION_HARD_SWISH
    case .hardSigmoid: LAB_ACTIVATION_HARD_SIGMOID
    case .gelu: LAB_ACTIVATION_GELU
    case .sigmoid: LAB_ACTIVATION_SIGMOID
    case .tanh: LAB_ACTIVATION_TANH
    }
  }
}

extension Lowering {
  /// The slot of an operand in blocked form.
  func resolve(_ operand: Operand) throws -> SlotID {
    switch operand {
    case .slot(let slot): slot
    case .value(let value): try demand(value, .blocked)
    }
  }

  /// In the backward pass, cheap expressions of the forward pass are computed again instead of kept.
  func demandClone(_ value: ValueID, _ form: Form) throws -> SlotID? {
    guard node.stage == .backward, form == .blocked, case .apply(let expression) = pending[value],
      expression.isCheap, isForward(value)
    else { return nil }
    let key = Key(value: value, form: form, isClone: true)
    if let slot = available[key] { return slot }
    let slot = addSlot(for: value, form)
    available[key] = slot
    try emitApply(expression, for: value, to: slot, pooled: nil)
    return slot
  }

  private func isForward(_ value: ValueID) -> Bool {
    guard case .node(let index, _) = graph.values[value.index].origin else { return false }
    return graph.nodes[index].stage == .forward
  }

  /// Computes a pending value in blocked form.
  func emit(_ expression: Pending, for value: ValueID) throws {
    switch expression {
    case .apply(let apply):
      let pooled = isPooledLater(value) ? addPooledSlot(value) : nil
      // Operands come first: they may have to be computed themselves.
      let slot = addSlot(for: value, .blocked)
      try emitApply(apply, for: value, to: slot, pooled: pooled)
      available[Key(value: value, form: .blocked)] = slot
      if let pooled { pooledSums[value] = pooled }
    case .gradient(let gradient):
      try emitGradient(gradient, for: value, norms: [])
    case .normGradient(let expression):
      try emitNormGradient(expression, for: value)
    case .broadcast(let source, let factor):
      try emitBroadcast(source, factor: factor, for: value)
    case .selection(let channels):
      try emitSelection(channels, for: value)
    }
  }

  func emitApply(
    _ expression: ApplyExpression, for value: ValueID, to slot: SlotID?, pooled: SlotID?
  ) throws {
    let x = try resolve(expression.x)
    let residual = try expression.residual.map(resolve)
    add(
      ApplyKernel(
        extent(value), x: x, residual: residual, expression: expression, y: slot, pooled: pooled,
        apply: kernelTable.apply, path: node.path))
  }

  /// Computes a gradient and, on the way, the sums that the given normalisations need.
  func emitGradient(_ expression: GradientExpression, for value: ValueID, norms: [NormGradientRequest]) throws {
    let saved = try expression.saved.map { try demand($0, .blocked) }
    let upstream1 = try expression.upstream1.map(resolve)
    let upstream2 = try expression.upstream2.map(resolve)
    let addend = try expression.addend.map { try demandPaddedMatrix($0) }
    let recomputedX = try expression.recomputed.map { try resolve($0.x) }
    let recomputedResidual = try expression.recomputed?.residual.map(resolve)
    let isAvailable = available[Key(value: value, form: .blocked)] != nil
    let slot = isAvailable ? nil : addSlot(for: value, .blocked)
    add(
      ReduceGradientKernel(
        extent(value), block: block, expression: expression, upstream1: upstream1, upstream2: upstream2, addend: addend,
        saved: saved, recomputedX: recomputedX, recomputedResidual: recomputedResidual, g: slot, norms: norms,
        reduce: kernelTable.reduceGradient, path: node.path))
    if let slot { available[Key(value: value, form: .blocked)] = slot }
  }

  /// The gradient of a batch normalization's operand, once the sums over the batch are known.
  private func emitNormGradient(_ expression: NormGradientExpression, for value: ValueID) throws {
    let x = try resolve(expression.x)
    let (upstream, coefficients) = (expression.upstream, expression.coefficients)
    let target = define(value, .blocked)
    let extent = extent(value)
    let apply = kernelTable.normGradientApply!
    add(
      ChunkKernel(
        .normalization, path: node.path, samples: extent.samples, sources: [upstream, x],
        reads: [coefficients.a, coefficients.b, coefficients.c], writes: [target], replacements: [(target, upstream)]
      ) { worker, sources in
        var part = extent
        part.samples = worker.count
        apply(
          part, sources[0], sources[1], worker.whole(coefficients.a), worker.whole(coefficients.b),
          worker.whole(coefficients.c), worker.pointer(target))
      })
  }

  private func emitBroadcast(_ source: ValueID, factor: Float, for value: ValueID) throws {
    let vector = try demandPaddedMatrix(source)
    let target = define(value, .blocked)
    let extent = extent(value)
    let kernel = kernelTable.broadcastPixels!
    add(
      ChunkKernel(.elementwise, path: node.path, samples: extent.samples, reads: [vector], writes: [target]) { worker in
        var part = extent
        part.samples = worker.count
        kernel(part, worker.pointer(vector), factor, worker.pointer(target))
      })
  }

  /// A matrix `[N, C]` whose rows are padded to whole blocks.
  func demandPaddedMatrix(_ value: ValueID) throws -> SlotID {
    // With one pixel a channel, the blocked form is the padded matrix.
    try shape(value)[1] % block == 0 ? demand(value, .flat) : demand(value, .blocked)
  }

  // MARK: Pooled sums

  /// Whether the forward pass averages the value over its pixels, so that the sums are made on the way.
  private func isPooledLater(_ value: ValueID) -> Bool {
    pooledSums[value] == nil
      && consumers[value.index].contains { index in
        guard let reduction = graph.nodes[index].operation as? Reduction else { return false }
        return reduction.function != .maximum && reduction.axes == [2, 3] && graph.nodes[index].stage == .forward
      }
  }

  func addPooledSlot(_ value: ValueID) -> SlotID {
    addSlot(samples: shape(value)[0], bytes: shape(value)[0] * paddedChannels(value) * 4)
  }
}
