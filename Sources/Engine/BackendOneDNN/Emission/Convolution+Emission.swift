import CLabKernels
import COneDNN
import LabCore
import LabGraph

extension Emission {
  /// Describes a convolution whose activations have their natural forms.
  func convolutionPlan(
    _ kind: OneDnnKind, _ geometry: ConvolutionGeometry, image: Shape, kernel: Shape, result: Shape,
    imageForm: Form, resultForm: Form
  ) -> ConvolutionPlan {
    ConvolutionPlan(
      kind: kind, shape: OneDnnConvolutionShape(geometry, image: image, kernel: kernel, result: result), block: block,
      imageIsBlocked: imageForm == .blocked, resultIsBlocked: resultForm == .blocked)
  }

  /// The slot and layout of a convolution's weights for one of its passes: as they are where the library is as fast with
  /// that layout, else converted once a step.
  func convolutionWeights(_ value: ValueID, for plan: ConvolutionPlan) throws -> (slot: SlotID, layout: WeightLayout) {
    var shape = plan.shape
    shape.samples = 1
    if isVariable(value) {
      var single = plan
      single.multipliesBFloat16 = false
      let known = try variableSlot(
        value, preferring: .weights(single.preferredWeights(), shape: shape, count: 1))
      if !plan.multipliesBFloat16, case .weights(let layout, _, 1) = known.layout, plan.accepts(layout) {
        return (known.slot, layout)
      }
    }
    let preferred = try plan.preferredWeights()
    if let slot = try transposed(value, to: preferred, shape: shape) { return (slot, preferred) }
    return (try demandWeights(value, in: .weights(preferred, shape: shape, count: 1)), preferred)
  }

  /// The library's usual layout for input gradients is the forward one with each block transposed, which the vector
  /// kernels do faster than a general change of layout.
  private func transposed(_ value: ValueID, to preferred: WeightLayout, shape: OneDnnConvolutionShape) throws -> SlotID?
  {
    guard shape.groups == 1, let known = weights.operands[value], case .weights(let layout, _, 1) = known.layout,
      try layout.isEqual(to: .blocked(shape, block: block, isTransposed: false)),
      try preferred.isEqual(to: .blocked(shape, block: block, isTransposed: true))
    else { return nil }
    return transposeBlocks(known.slot, byteCount: layout.byteCount)
  }

  /// Transposes every block × block matrix of a tensor, once a step.
  func transposeBlocks(_ source: SlotID, byteCount: Int) -> SlotID {
    if let known = weights.transposed[source] { return known }
    let target = addSlot(samples: 1, bytes: byteCount)
    let kernel = kernelTable.transposeBlocks!
    let count = byteCount / (4 * block * block)
    add(
      WholeKernel(.reorder, path: node.path, reads: [source], writes: [target]) { step in
        kernel(count, step.pointer(source), step.pointer(target))
      })
    weights.transposed[source] = target
    return target
  }
}

extension Convolution2D: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (x, weight, y) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let plan = try emission.multiplyingBFloat16(
      emission.convolutionPlan(
        ONEDNN_FORWARD, geometry, image: emission.shape(x), kernel: emission.shape(weight), result: emission.shape(y),
        imageForm: emission.naturalForm(x), resultForm: emission.naturalForm(y)))
    let hasBias = node.inputs.count == 3
    let form = emission.naturalForm(y)
    let result = hasBias ? emission.addSlot(for: y, form) : emission.define(y, form)
    if let winograd = try emission.winogradPlan(plan) {
      let image = try emission.demand(x, .blocked)
      try emission.emitWinograd(winograd, plan, source: image, weights: weight, result: result)
    } else if try !emission.emitThin(plan, image: x, weights: weight, result: result),
      try !emission.emitDepthWise(plan, image: x, weights: weight, result: result)
    {
      try emitDirect(plan, node, form, result, emission)
    }
    if hasBias { try emitBias(node.inputs[2], of: y, raw: result, emission) }
  }

  /// The library's convolution, whose result may have another form than the wanted one.
  private func emitDirect(
    _ plan: ConvolutionPlan, _ node: Graph.Node, _ form: Form, _ result: SlotID, _ emission: Emission
  ) throws {
    let y = node.outputs[0]
    let detour = ConvolutionDetour.best(for: plan)
    let image = try emission.demand(node.inputs[0], emission.imageForm(detour))
    let weights = try emission.convolutionWeights(node.inputs[1], for: detour)
    let own = emission.resultForm(detour)
    let raw = own == form ? result : emission.addSlot(for: y, own)
    emission.add(
      ConvolutionKernel(
        detour.plan, layout: weights.layout, image: image, weights: weights.slot, result: raw, path: node.path))
    if own != form {
      emission.emitConversion(emission.extent(y), from: raw, to: result, toBlocked: form == .blocked)
    }
  }

  /// Adds the bias, or leaves it to the pass that reads the result.
  private func emitBias(_ bias: ValueID, of y: ValueID, raw: SlotID, _ emission: Emission) throws {
    let vector = try emission.demandPaddedVector(bias)
    if emission.naturalForm(y) == .blocked {
      let ones = try emission.constantSlot([Float](repeating: 1, count: emission.paddedChannels(y)))
      emission.byproducts.unbiased[y] = raw
      emission.byproducts.affines[y] = ChannelAffine(scale: ones, shift: vector)
      return
    }
    let result = emission.define(y, .flat)
    let shape = emission.shape(y)
    let pixels = shape[2] * shape[3]
    let kernel = emission.kernelTable.binaryStrided!
    emission.add(
      ChunkKernel(
        .elementwise, path: emission.node.path, samples: shape[0], reads: [raw, vector], writes: [result],
        replacements: [(result, raw)]
      ) { worker in
        kernel(
          3, [worker.count, shape[1], pixels], LAB_ADD, worker.pointer(raw), [shape[1] * pixels, pixels, 1],
          worker.whole(vector), [0, 1, 0], worker.pointer(result))
      })
  }
}

extension Emission {
  /// A vector `[C]` that may be read up to the end of its last block.
  func demandPaddedVector(_ value: ValueID) throws -> SlotID {
    let slot = try demand(value, .flat)
    let count = shape(value).elementCount
    guard count % block != 0 else { return slot }
    let padded = addVector(count)
    let paddedCount = (count + block - 1) / block * block
    add(
      WholeKernel(.reorder, path: node.path, reads: [slot], writes: [padded]) { step in
        step.pointer(padded).update(from: step.pointer(slot), count: count)
        step.clearTail(of: padded, from: count, to: paddedCount)
      })
    return padded
  }
}

extension Convolution2DInputGradient: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (upstream, weight, dx) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let plan = try emission.multiplyingBFloat16(
      emission.convolutionPlan(
        ONEDNN_INPUT_GRADIENT, geometry, image: image, kernel: emission.shape(weight),
        result: emission.shape(upstream), imageForm: emission.naturalForm(dx),
        resultForm: emission.naturalForm(upstream)))
    if let winograd = try emission.winogradPlan(plan) {
      let result = try emission.demand(upstream, .blocked)
      try emission.emitWinograd(
        winograd, plan, source: result, weights: weight, result: emission.define(dx, .blocked))
      return
    }
    if try emission.emitThinInputGradient(plan, upstream: upstream, weights: weight, image: dx) { return }
    if try emission.emitDepthWiseInputGradient(plan, node) { return }
    let detour = ConvolutionDetour.best(for: plan)
    let result = try emission.demandUpstream(upstream, for: detour, stride: geometry.stride)
    let weights = try emission.convolutionWeights(weight, for: detour)
    let image = emission.define(dx, emission.imageForm(detour))
    emission.add(
      ConvolutionKernel(
        detour.plan, layout: weights.layout, image: image, weights: weights.slot, result: result, path: node.path))
  }
}

extension Convolution2DWeightGradient: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (x, upstream, gradient) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let plan = try emission.multiplyingBFloat16(
      emission.convolutionPlan(
        ONEDNN_WEIGHT_GRADIENT, geometry, image: emission.shape(x), kernel: kernel, result: emission.shape(upstream),
        imageForm: emission.naturalForm(x), resultForm: emission.naturalForm(upstream)))
    if let winograd = try emission.winogradPlan(plan) {
      try emitWinograd(winograd, plan, node, emission)
      return
    }
    if try emission.emitThinWeightGradient(plan, image: x, upstream: upstream, gradient: gradient) { return }
    if try emission.emitDepthWiseWeightGradient(plan, node) { return }
    let detour = ConvolutionDetour.best(for: plan)
    var layout = try detour.plan.preferredWeights()
    // The optimiser wants the gradient in the parameter's layout.
    if detour.mergedGroups == 1, let own = emission.layoutOfParameter(for: gradient), detour.plan.accepts(own) {
      layout = own
    }
    let slot = emission.addSlot(samples: 1, bytes: layout.byteCount)
    emission.add(
      ConvolutionWeightGradientKernel(
        detour.plan, layout: layout, image: try emission.demandImage(x, for: detour, padding: geometry.padding),
        upstream: try emission.demandUpstream(upstream, for: detour, stride: geometry.stride), gradient: slot,
        kernels: emission.kernelTable, path: node.path))
    if detour.mergedGroups > 1 {
      try emission.defineGradient(gradient, merged: slot, layout: layout, detour)
    } else {
      emission.weights.operands[gradient] = LaidOutSlot(slot: slot, layout: detour.weights(in: layout))
    }
  }

  private func emitWinograd(
    _ winograd: WinogradPlan, _ plan: ConvolutionPlan, _ node: Graph.Node, _ emission: Emission
  ) throws {
    var shape = plan.shape
    shape.samples = 1
    let layout = try WeightLayout.blocked(shape, block: emission.block, isTransposed: false)
    let slot = emission.addSlot(samples: 1, bytes: layout.byteCount)
    emission.weights.operands[node.outputs[0]] = LaidOutSlot(
      slot: slot, layout: .weights(layout, shape: shape, count: 1))
    emission.add(
      WinogradWeightGradientKernel(
        winograd, samples: plan.shape.samples, image: try emission.demand(node.inputs[0], .blocked),
        upstream: try emission.demand(node.inputs[1], .blocked), gradient: slot, table: emission.kernelTable,
        path: node.path))
  }
}

extension Emission {
  /// The layout of the parameter that an update applies a gradient to.
  func layoutOfParameter(for gradient: ValueID) -> WeightLayout? {
    for index in consumers[gradient.index] {
      let consumer = graph.nodes[index]
      guard consumer.operation is any ParameterUpdate, consumer.inputs[1] == gradient,
        let known = weights.operands[consumer.inputs[0]], case .weights(let layout, _, 1) = known.layout
      else { continue }
      return layout
    }
    return nil
  }
}
