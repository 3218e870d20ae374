import CLabKernels
import COneDNN
import LabCore
import LabGraph

extension Lowering {
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
    guard shape.groups == 1, let known = weightSlots[value], case .weights(let layout, _, 1) = known.layout,
      try layout.isEqual(to: .blocked(shape, block: block, isTransposed: false)),
      try preferred.isEqual(to: .blocked(shape, block: block, isTransposed: true))
    else { return nil }
    return transposeBlocks(known.slot, byteCount: layout.byteCount)
  }

  /// Transposes every block × block matrix of a tensor, once a step.
  func transposeBlocks(_ source: SlotID, byteCount: Int) -> SlotID {
    if let known = transposedWeights[source] { return known }
    let target = addSlot(samples: 1, bytes: byteCount)
    let kernel = kernelTable.transposeBlocks!
    let count = byteCount / (4 * block * block)
    add(
      WholeKernel(.reorder, path: node.path, reads: [source], writes: [target]) { step in
        kernel(count, step.pointer(source), step.pointer(target))
      })
    transposedWeights[source] = target
    return target
  }
}

extension Convolution2D: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (x, weight, y) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let plan = try lowering.multiplyingBFloat16(
      lowering.convolutionPlan(
        ONEDNN_FORWARD, geometry, image: lowering.shape(x), kernel: lowering.shape(weight), result: lowering.shape(y),
        imageForm: lowering.naturalForm(x), resultForm: lowering.naturalForm(y)))
    let hasBias = node.inputs.count == 3
    let form = lowering.naturalForm(y)
    let result = hasBias ? lowering.addSlot(for: y, form) : lowering.define(y, form)
    if let winograd = try lowering.winogradPlan(plan) {
      let image = try lowering.demand(x, .blocked)
      try lowering.lowerWinograd(winograd, plan, source: image, weights: weight, result: result)
    } else if try !lowering.lowerThin(plan, image: x, weights: weight, result: result) {
      try lowerDirect(plan, node, form, result, lowering)
    }
    if hasBias { try lowerBias(node.inputs[2], of: y, raw: result, lowering) }
  }

  /// The library's convolution, whose result may have another form than the wanted one.
  private func lowerDirect(
    _ plan: ConvolutionPlan, _ node: Graph.Node, _ form: Form, _ result: SlotID, _ lowering: Lowering
  ) throws {
    let y = node.outputs[0]
    let detour = ConvolutionDetour.best(for: plan)
    let image = try lowering.demand(node.inputs[0], lowering.imageForm(detour))
    let weights = try lowering.convolutionWeights(node.inputs[1], for: detour)
    let own = lowering.resultForm(detour)
    let raw = own == form ? result : lowering.addSlot(for: y, own)
    lowering.add(
      ConvolutionKernel(
        detour.plan, layout: weights.layout, image: image, weights: weights.slot, result: raw, path: node.path))
    if own != form {
      lowering.emitConversion(lowering.extent(y), from: raw, to: result, toBlocked: form == .blocked)
    }
  }

  /// The bias joins whatever element-wise pass comes next.
  private func lowerBias(_ bias: ValueID, of y: ValueID, raw: SlotID, _ lowering: Lowering) throws {
    let vector = try lowering.demandPaddedVector(bias)
    if lowering.naturalForm(y) == .blocked {
      let ones = try lowering.constantSlot([Float](repeating: 1, count: lowering.paddedChannels(y)))
      lowering.pending[y] = .apply(
        ApplyExpression(x: .slot(raw), affine: ChannelAffine(scale: ones, shift: vector)))
      return
    }
    let result = lowering.define(y, .flat)
    let shape = lowering.shape(y)
    let pixels = shape[2] * shape[3]
    let kernel = lowering.kernelTable.binaryStrided!
    lowering.add(
      ChunkKernel(
        .elementwise, path: lowering.node.path, samples: shape[0], reads: [raw, vector], writes: [result],
        replacements: [(result, raw)]
      ) { worker in
        kernel(
          3, [worker.count, shape[1], pixels], LAB_ADD, worker.pointer(raw), [shape[1] * pixels, pixels, 1],
          worker.whole(vector), [0, 1, 0], worker.pointer(result))
      })
  }
}

extension Lowering {
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

extension Convolution2DInputGradient: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (upstream, weight, dx) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let plan = try lowering.multiplyingBFloat16(
      lowering.convolutionPlan(
        ONEDNN_INPUT_GRADIENT, geometry, image: image, kernel: lowering.shape(weight),
        result: lowering.shape(upstream), imageForm: lowering.naturalForm(dx),
        resultForm: lowering.naturalForm(upstream)))
    if let winograd = try lowering.winogradPlan(plan) {
      let result = try lowering.demand(upstream, .blocked)
      try lowering.lowerWinograd(
        winograd, plan, source: result, weights: weight, result: lowering.define(dx, .blocked))
      return
    }
    if try lowering.lowerThinInputGradient(plan, upstream: upstream, weights: weight, image: dx) { return }
    let detour = ConvolutionDetour.best(for: plan)
    let result = try lowering.demandUpstream(upstream, for: detour, stride: geometry.stride)
    let weights = try lowering.convolutionWeights(weight, for: detour)
    let image = lowering.define(dx, lowering.imageForm(detour))
    lowering.add(
      ConvolutionKernel(
        detour.plan, layout: weights.layout, image: image, weights: weights.slot, result: result, path: node.path))
  }
}

extension Convolution2DWeightGradient: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (x, upstream, gradient) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let plan = try lowering.multiplyingBFloat16(
      lowering.convolutionPlan(
        ONEDNN_WEIGHT_GRADIENT, geometry, image: lowering.shape(x), kernel: kernel, result: lowering.shape(upstream),
        imageForm: lowering.naturalForm(x), resultForm: lowering.naturalForm(upstream)))
    if let winograd = try lowering.winogradPlan(plan) {
      try lowerWinograd(winograd, plan, node, lowering)
      return
    }
    if try lowering.lowerThinWeightGradient(plan, image: x, upstream: upstream, gradient: gradient) { return }
    let detour = ConvolutionDetour.best(for: plan)
    var layout = try detour.plan.preferredWeights()
    // The optimiser wants the gradient in the parameter's layout.
    if detour.mergedGroups == 1, let own = lowering.layoutOfParameter(for: gradient), detour.plan.accepts(own) {
      layout = own
    }
    let slot = lowering.addSlot(samples: 1, bytes: layout.byteCount)
    lowering.add(
      ConvolutionWeightGradientKernel(
        detour.plan, layout: layout, image: try lowering.demandImage(x, for: detour, padding: geometry.padding),
        upstream: try lowering.demandUpstream(upstream, for: detour, stride: geometry.stride), gradient: slot,
        kernels: lowering.kernelTable, path: node.path))
    if detour.mergedGroups > 1 {
      try lowering.defineGradient(gradient, merged: slot, layout: layout, detour)
    } else {
      lowering.weightSlots[gradient] = (slot, detour.weights(in: layout))
    }
  }

  private func lowerWinograd(
    _ winograd: WinogradPlan, _ plan: ConvolutionPlan, _ node: Graph.Node, _ lowering: Lowering
  ) throws {
    var shape = plan.shape
    shape.samples = 1
    let layout = try WeightLayout.blocked(shape, block: lowering.block, isTransposed: false)
    let slot = lowering.addSlot(samples: 1, bytes: layout.byteCount)
    lowering.weightSlots[node.outputs[0]] = (slot, .weights(layout, shape: shape, count: 1))
    lowering.add(
      WinogradWeightGradientKernel(
        winograd, samples: plan.shape.samples, image: try lowering.demand(node.inputs[0], .blocked),
        upstream: try lowering.demand(node.inputs[1], .blocked), gradient: slot, table: lowering.kernelTable,
        path: node.path))
  }
}

extension Lowering {
  /// The layout of the parameter that an update applies a gradient to.
  func layoutOfParameter(for gradient: ValueID) -> WeightLayout? {
    for index in consumers[gradient.index] {
      let consumer = graph.nodes[index]
      guard consumer.operation is any ParameterUpdate, consumer.inputs[1] == gradient,
        let known = weightSlots[consumer.inputs[0]], case .weights(let layout, _, 1) = known.layout
      else { continue }
      return layout
    }
    return nil
  }
}
