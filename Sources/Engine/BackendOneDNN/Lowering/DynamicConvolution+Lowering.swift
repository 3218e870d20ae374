import CLabKernels
import COneDNN
import LabCore
import LabGraph

extension Lowering {
  /// How a dynamic convolution of images `x` to `y` is computed: in blocks, unless one of them stays flat.
  fileprivate func dynamicDetour(
    _ kind: OneDnnKind, _ geometry: ConvolutionGeometry, x: ValueID, kernels: Shape, y: ValueID
  ) -> ConvolutionDetour {
    let plan = convolutionPlan(
      kind, geometry, image: shape(x), kernel: Shape(Array(kernels.dimensions.dropFirst())), result: shape(y),
      imageForm: naturalForm(x), resultForm: naturalForm(y))
    return plan.isBlocked ? .inWholeBlocks(plan) : ConvolutionDetour(plan: plan)
  }

  /// What a dynamic convolution's kernels share; attentions of channels are padded to whole blocks where weights are.
  fileprivate func dynamicOperands(
    _ attentions: DynamicAttentions, _ values: ArraySlice<ValueID>, kernels: Shape, detour: ConvolutionDetour
  ) throws -> DynamicConvolutionOperands {
    let isBlocked = detour.plan.isBlocked
    var rest = values
    func next(_ attention: DynamicAttentions, isOfChannels: Bool) throws -> SlotID? {
      guard attentions.contains(attention) else { return nil }
      let value = rest.removeFirst()
      return try isBlocked && isOfChannels ? demandPaddedMatrix(value) : demand(value, .flat)
    }
    return DynamicConvolutionOperands(
      kernel: try next(.kernel, isOfChannels: false), spatial: try next(.spatial, isOfChannels: false),
      channel: try next(.channel, isOfChannels: true), filter: try next(.filter, isOfChannels: true),
      kernelCount: kernels[0], shape: detour.plan.shape, block: isBlocked ? block : 1)
  }

  /// The blocked layout of a dynamic convolution's weights.
  fileprivate func dynamicLayout(
    _ detour: ConvolutionDetour, isTransposed: Bool = false, swapsOuterBlocks: Bool = false
  ) throws -> WeightLayout {
    var shape = detour.plan.shape
    shape.samples = 1
    return try WeightLayout.blocked(
      shape, block: block, isTransposed: isTransposed, swapsOuterBlocks: swapsOuterBlocks)
  }
}

extension DynamicConvolution2D: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (x, weight, y) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let kernels = lowering.shape(weight)
    let detour = lowering.dynamicDetour(ONEDNN_FORWARD, geometry, x: x, kernels: kernels, y: y)
    let operands = try lowering.dynamicOperands(attentions, node.inputs[2...], kernels: kernels, detour: detour)
    guard operands.isBlocked else {
      let weights = try lowering.demand(weight, .flat)
      let image = try lowering.demand(x, lowering.naturalForm(x))
      lowering.add(
        DenseDynamicConvolutionKernel(
          detour.plan, operands: operands, x: image, weights: weights, y: lowering.define(y, lowering.naturalForm(y)),
          path: node.path))
      return
    }
    let layout = try lowering.dynamicLayout(detour)
    let weights = try lowering.dynamicWeights(weight, for: detour, in: layout, sets: kernels[0])
    let image = try lowering.demand(x, .blocked)
    lowering.add(
      BlockedDynamicConvolutionKernel(
        detour.plan, winograd: try lowering.winogradPlan(detour.plan, hasOwnWeights: true), layout: layout,
        operands: operands, x: image, weights: weights, y: lowering.define(y, .blocked), kernels: lowering.kernelTable,
        path: node.path))
  }
}

extension DynamicConvolution2DGradient: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (upstream, x, weight) = (node.inputs[0], node.inputs[1], node.inputs[2])
    let kernels = lowering.shape(weight)
    func detour(_ kind: OneDnnKind) -> ConvolutionDetour {
      lowering.dynamicDetour(kind, geometry, x: x, kernels: kernels, y: upstream)
    }
    let inputDetour = detour(ONEDNN_INPUT_GRADIENT)
    let operands = try lowering.dynamicOperands(attentions, node.inputs[3...], kernels: kernels, detour: inputDetour)
    var outputs = node.outputs[...]
    let gradient = DynamicGradient(
      operands: operands, inputDetour: inputDetour, weightDetour: detour(ONEDNN_WEIGHT_GRADIENT), upstream: upstream,
      x: x, weight: weight, dx: needsInputGradient ? outputs.removeFirst() : nil, dWeight: outputs.removeFirst(),
      dAttentions: outputs.map { lowering.define($0, .flat) })
    try operands.isBlocked ? gradient.lowerBlocked(in: lowering) : gradient.lowerDense(in: lowering)
  }
}

/// A dynamic convolution's gradient on its way to a kernel.
private struct DynamicGradient {
  let operands: DynamicConvolutionOperands
  let inputDetour: ConvolutionDetour
  let weightDetour: ConvolutionDetour
  let upstream: ValueID
  let x: ValueID
  let weight: ValueID
  let dx: ValueID?
  let dWeight: ValueID
  let dAttentions: [SlotID]

  func lowerDense(in lowering: Lowering) throws {
    let tensors = BlockedDynamicGradientKernel.Tensors(
      upstream: try lowering.demand(upstream, lowering.naturalForm(upstream)),
      x: try lowering.demand(x, lowering.naturalForm(x)), weights: try lowering.demand(weight, .flat),
      dx: dx.map { lowering.define($0, lowering.naturalForm($0)) }, dWeights: lowering.define(dWeight, .flat),
      dAttentions: dAttentions)
    lowering.add(
      DenseDynamicGradientKernel(
        inputPlan: inputDetour.plan, weightPlan: weightDetour.plan, operands: operands, tensors: tensors,
        path: lowering.node.path))
  }

  func lowerBlocked(in lowering: Lowering) throws {
    let sets = operands.kernelCount
    let layout = try lowering.dynamicLayout(weightDetour)
    let form = weightDetour.weights(in: layout, sets: sets)
    let weights = try lowering.dynamicWeights(weight, for: weightDetour, in: layout, sets: sets)
    let (inputLayout, isSwapped) = try inputLayout(in: lowering)
    func transposedWeights() throws -> SlotID {
      if operands.isDepthWise { return weights }
      guard isSwapped else { return lowering.transposeSets(weights, layout: form) }
      return try lowering.dynamicWeights(weight, for: inputDetour, in: inputLayout, sets: sets)
    }
    let dWeightSlot = lowering.addSlot(samples: 1, bytes: form.byteCount(lowering.graph.type(of: weight)))
    let tensors = BlockedDynamicGradientKernel.Tensors(
      upstream: try lowering.demand(upstream, .blocked), x: try lowering.demand(x, .blocked), weights: weights,
      transposedWeights: dx == nil ? nil : try transposedWeights(), dx: dx.map { lowering.define($0, .blocked) },
      dWeights: dWeightSlot,
      dAttentions: dAttentions)
    lowering.add(
      BlockedDynamicGradientKernel(
        inputPlan: inputDetour.plan, weightPlan: weightDetour.plan,
        winograd: try lowering.winogradPlan(inputDetour.plan, hasOwnWeights: true), layout: layout,
        inputLayout: inputLayout, outerBlocksAreSwapped: isSwapped, operands: operands, tensors: tensors,
        kernels: lowering.kernelTable, path: lowering.node.path))
    if weightDetour.mergedGroups > 1 {
      try lowering.defineGradient(dWeight, merged: dWeightSlot, layout: layout, weightDetour, sets: sets)
    } else {
      lowering.weightSlots[dWeight] = (dWeightSlot, form)
    }
  }

  /// The layout of the weights for the image's gradient, whose outer blocks are swapped where the library wants it so.
  private func inputLayout(in lowering: Lowering) throws -> (WeightLayout, isSwapped: Bool) {
    let plain = try lowering.dynamicLayout(inputDetour, isTransposed: true)
    guard operands.taps == 1 else { return (plain, false) }
    let swapped = try lowering.dynamicLayout(inputDetour, isTransposed: true, swapsOuterBlocks: true)
    let preferred = try inputDetour.plan.preferredWeights()
    let isSwapped = preferred.isEqual(to: swapped) && !preferred.isEqual(to: plain)
    return (isSwapped ? swapped : plain, isSwapped)
  }
}

extension Lowering {
  /// Transposes every block of several sets of weights, once a step.
  func transposeSets(_ source: SlotID, layout: VariableLayout) -> SlotID {
    guard case .weights(let weights, _, let count) = layout else { return source }
    if let known = transposedWeights[source] { return known }
    let stride = VariableLayout.setStride(weights, count: count) / 4
    let target = addSlot(samples: 1, bytes: stride * count * 4)
    let kernel = kernelTable.transposeBlocks!
    let matrices = weights.byteCount / (4 * block * block)
    add(
      WholeKernel(.reorder, path: node.path, reads: [source], writes: [target]) { step in
        for set in 0..<count {
          kernel(matrices, step.pointer(source) + set * stride, step.pointer(target) + set * stride)
        }
      })
    transposedWeights[source] = target
    return target
  }
}
