import CLabKernels
import LabCore
import LabGraph

extension Emission {
  private func resolve(_ operand: ImageOperand) throws -> SlotID {
    switch operand {
    case .value(let value): try demand(value, .blocked)
    case .unbiased(let value): try known(byproducts.unbiased[value], of: value)
    }
  }

  private func resolve(_ affine: AffineReference) throws -> ChannelAffine {
    try known(byproducts.affines[affine.result], of: affine.result)
  }

  private func known<T>(_ byproduct: T?, of value: ValueID) throws -> T {
    guard let byproduct else {
      throw GraphError.invalid(path: node.path, problem: "value %\(value.index) is used before it is computed")
    }
    return byproduct
  }

  /// The operands of a pass, which are computed first if they have to be.
  func resolve(_ expression: ApplyExpression) throws -> AppliedOperands {
    AppliedOperands(
      x: try resolve(expression.x), affine: try expression.affine.map(resolve),
      residual: try expression.residual.map(resolve), residualAffine: try expression.residualAffine.map(resolve),
      activation: expression.activation.kernelCode)
  }

  /// In the backward pass, cheap expressions of the forward pass are computed again instead of kept.
  func recomputed(_ value: ValueID) throws -> SlotID? {
    guard node.stage == .backward, case .apply(let expression) = fusion.expressions[value], expression.isCheap,
      fusion.isOfForwardPass(value)
    else { return nil }
    if let slot = values[recomputed: value] { return slot }
    let slot = addSlot(for: value, .blocked)
    values[recomputed: value] = slot
    try emitApply(expression, for: value, to: slot, pooled: nil)
    return slot
  }

  /// Computes a value in blocked form.
  func emit(_ expression: FusedExpression, for value: ValueID) throws {
    switch expression {
    case .apply(let apply):
      let isPooled = byproducts.pooledSums[value] == nil && fusion.isPooledLater(value)
      let pooled = isPooled ? addPooledSlot(value) : nil
      let slot = addSlot(for: value, .blocked)
      try emitApply(apply, for: value, to: slot, pooled: pooled)
      values[value, .blocked] = slot
      if let pooled { byproducts.pooledSums[value] = pooled }
    case .gradient(let gradient): try emitGradient(gradient, for: value, norms: [])
    case .normGradient(let expression): try emitNormGradient(expression, for: value)
    case .broadcast(let source, let factor): try emitBroadcast(source, factor: factor, for: value)
    case .selection(let channels): try emitSelection(channels, for: value)
    }
  }

  /// Computes an image, the sums over its pixels, or both.
  func emitApply(_ expression: ApplyExpression, for value: ValueID, to slot: SlotID?, pooled: SlotID?) throws {
    add(
      ApplyKernel(
        extent(value), operands: try resolve(expression), y: slot, pooled: pooled, apply: kernelTable.apply,
        path: node.path))
  }

  func addPooledSlot(_ value: ValueID) -> SlotID {
    addSlot(samples: shape(value)[0], bytes: shape(value)[0] * paddedChannels(value) * 4)
  }

  /// Computes a gradient, unless it is known, and on the way the sums that the given normalizations need.
  func emitGradient(_ expression: GradientExpression, for value: ValueID, norms: [NormGradientRequest]) throws {
    if try emitDepthWiseGradient(expression, for: value, norms: norms) { return }
    let saved = try expression.saved.map { try demand($0, .blocked) }
    let upstreams = try [expression.upstream1, expression.upstream2].map { try $0.map { try demand($0, .blocked) } }
    let addend = try expression.addend.map { try demandPaddedMatrix($0) }
    let operands = GradientOperands(
      upstream1: upstreams[0], upstream2: upstreams[1], addend: addend, addendFactor: expression.addendFactor,
      activation: expression.activation.kernelCode, saved: saved, recomputed: try expression.recomputed.map(resolve))
    let slot = values[value, .blocked] == nil ? addSlot(for: value, .blocked) : nil
    add(
      ReduceGradientKernel(
        extent(value), block: block, operands: operands, g: slot, norms: norms, reduce: kernelTable.reduceGradient,
        path: node.path))
    if let slot { values[value, .blocked] = slot }
  }

  /// The gradient of a batch normalization's operand, once the sums over the batch are known.
  private func emitNormGradient(_ expression: NormGradientExpression, for value: ValueID) throws {
    let coefficients = try known(byproducts.normGradients[expression], of: value)
    let upstream = try demand(expression.upstream, .blocked)
    let x = try demand(expression.x, .blocked)
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

extension Activation.Function? {
  /// The kernels' name of the function, or of none.
  var kernelCode: LabActivation { map(\.kernelCode) ?? LAB_ACTIVATION_NONE }
}
