import CLabKernels
import COneDNN
import LabCore
import LabGraph

extension Emission {
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

extension DynamicConvolution2D: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (x, weight, y) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let kernels = emission.shape(weight)
    let detour = emission.dynamicDetour(ONEDNN_FORWARD, geometry, x: x, kernels: kernels, y: y)
    let operands = try emission.dynamicOperands(attentions, node.inputs[2...], kernels: kernels, detour: detour)
    guard operands.isBlocked else {
      let weights = try emission.demand(weight, .flat)
      let image = try emission.demand(x, emission.naturalForm(x))
      emission.add(
        DenseDynamicConvolutionKernel(
          detour.plan, operands: operands, x: image, weights: weights, y: emission.define(y, emission.naturalForm(y)),
          path: node.path))
      return
    }
    let layout = try emission.dynamicLayout(detour)
    let weights = try emission.dynamicWeights(weight, for: detour, in: layout, sets: kernels[0])
    let image = try emission.demand(x, .blocked)
    if let products = emission.tapProducts(detour, operands, layout) {
      emission.add(
        TapConvolutionKernel(
          products, samples: emission.shape(x)[0], x: image, weights: weights, y: emission.define(y, .blocked),
          path: node.path))
      return
    }
    emission.add(
      BlockedDynamicConvolutionKernel(
        detour.plan, winograd: try emission.winogradPlan(detour.plan, hasOwnWeights: true), layout: layout,
        operands: operands, x: image, weights: weights, y: emission.define(y, .blocked), kernels: emission.kernelTable,
        path: node.path))
  }
}

extension DynamicConvolution2DGradient: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (upstream, x, weight) = (node.inputs[0], node.inputs[1], node.inputs[2])
    let kernels = emission.shape(weight)
    func detour(_ kind: OneDnnKind) -> ConvolutionDetour {
      emission.dynamicDetour(kind, geometry, x: x, kernels: kernels, y: upstream)
    }
    let inputDetour = detour(ONEDNN_INPUT_GRADIENT)
    let operands = try emission.dynamicOperands(attentions, node.inputs[3...], kernels: kernels, detour: inputDetour)
    var outputs = node.outputs[...]
    let gradient = DynamicGradient(
      operands: operands, inputDetour: inputDetour, weightDetour: detour(ONEDNN_WEIGHT_GRADIENT), upstream: upstream,
      x: x, weight: weight, dx: needsInputGradient ? outputs.removeFirst() : nil, dWeight: outputs.removeFirst(),
      dAttentions: outputs.map { emission.define($0, .flat) })
    try operands.isBlocked ? gradient.emitBlocked(in: emission) : gradient.emitDense(in: emission)
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

  func emitDense(in emission: Emission) throws {
    let tensors = BlockedDynamicGradientKernel.Tensors(
      upstream: try emission.demand(upstream, emission.naturalForm(upstream)),
      x: try emission.demand(x, emission.naturalForm(x)), weights: try emission.demand(weight, .flat),
      dx: dx.map { emission.define($0, emission.naturalForm($0)) }, dWeights: emission.define(dWeight, .flat),
      dAttentions: dAttentions)
    emission.add(
      DenseDynamicGradientKernel(
        inputPlan: inputDetour.plan, weightPlan: weightDetour.plan, operands: operands, tensors: tensors,
        path: emission.node.path))
  }

  func emitBlocked(in emission: Emission) throws {
    let sets = operands.kernelCount
    let layout = try emission.dynamicLayout(weightDetour)
    let form = weightDetour.weights(in: layout, sets: sets)
    let weights = try emission.dynamicWeights(weight, for: weightDetour, in: layout, sets: sets)
    let dWeightSlot = emission.addSlot(samples: 1, bytes: form.byteCount(emission.graph.type(of: weight)))
    var tensors = BlockedDynamicGradientKernel.Tensors(
      upstream: try emission.demand(upstream, .blocked), x: try emission.demand(x, .blocked), weights: weights,
      dx: dx.map { emission.define($0, .blocked) }, dWeights: dWeightSlot, dAttentions: dAttentions)
    if let products = emission.tapProducts(weightDetour, operands, layout) {
      let result = try emission.graph.dynamicResult(of: emission.node).map { try emission.demand($0, .blocked) }
      emission.add(
        TapGradientKernel(
          products, samples: emission.shape(x)[0], tensors: tensors, result: result, path: emission.node.path))
      emission.weights.operands[dWeight] = LaidOutSlot(slot: dWeightSlot, layout: form)
      return
    }
    let (inputLayout, isSwapped) = try inputLayout(in: emission)
    func transposedWeights() throws -> SlotID {
      if operands.isDepthWise { return weights }
      guard isSwapped else { return emission.transposeSets(weights, layout: form) }
      return try emission.dynamicWeights(weight, for: inputDetour, in: inputLayout, sets: sets)
    }
    if dx != nil { tensors.transposedWeights = try transposedWeights() }
    emission.add(
      BlockedDynamicGradientKernel(
        BlockedDynamicGradientKernel.Passes(
          input: inputDetour.plan, inputLayout: inputLayout, outerBlocksAreSwapped: isSwapped,
          weight: weightDetour.plan, weightLayout: layout,
          winograd: try emission.winogradPlan(inputDetour.plan, hasOwnWeights: true)),
        operands: operands, tensors: tensors, kernels: emission.kernelTable, path: emission.node.path))
    if weightDetour.mergedGroups > 1 {
      try emission.defineGradient(dWeight, merged: dWeightSlot, layout: layout, weightDetour, sets: sets)
    } else {
      emission.weights.operands[dWeight] = LaidOutSlot(slot: dWeightSlot, layout: form)
    }
  }

  /// The layout of the weights for the image's gradient, whose outer blocks are swapped where the library wants it so.
  private func inputLayout(in emission: Emission) throws -> (WeightLayout, isSwapped: Bool) {
    let plain = try emission.dynamicLayout(inputDetour, isTransposed: true)
    guard operands.taps == 1 else { return (plain, false) }
    let swapped = try emission.dynamicLayout(inputDetour, isTransposed: true, swapsOuterBlocks: true)
    let preferred = try inputDetour.plan.preferredWeights()
    let isSwapped = preferred.isEqual(to: swapped) && !preferred.isEqual(to: plain)
    return (isSwapped ? swapped : plain, isSwapped)
  }
}

extension Emission {
  /// The products by taps that compute a dynamic convolution, where these are faster.
  fileprivate func tapProducts(
    _ detour: ConvolutionDetour, _ operands: DynamicConvolutionOperands, _ layout: WeightLayout
  ) -> TapProducts? {
    // A method that is given, or that an earlier session recorded, goes before the rules.
    let given: ConvolutionMethod? =
      switch session.choice {
      case .rules: nil
      case .fixed(let method): method
      case .measured(_, let recorded): recorded[passOfNode]
      }
    guard given == nil || given == .taps else { return nil }
    guard detour.mergedGroups == 1 else { return nil }
    let products = TapProducts(
      detour.plan.shape, operands: operands, layout: layout, kernels: kernelTable, isForced: given == .taps)
    if products != nil { session.note(.taps, for: passOfNode) }
    return products
  }

  /// Transposes every block of several sets of weights, once a step.
  func transposeSets(_ source: SlotID, layout: VariableLayout) -> SlotID {
    guard case .weights(let set, _, let count) = layout else { return source }
    if let known = weights.transposed[source] { return known }
    let stride = VariableLayout.setStride(set, count: count) / 4
    let target = addSlot(samples: 1, bytes: stride * count * 4)
    let kernel = kernelTable.transposeBlocks!
    let matrices = set.byteCount / (4 * block * block)
    add(
      WholeKernel(.reorder, path: node.path, reads: [source], writes: [target]) { step in
        for index in 0..<count {
          kernel(matrices, step.pointer(source) + index * stride, step.pointer(target) + index * stride)
        }
      })
    weights.transposed[source] = target
    return target
  }
}

extension Graph {
  /// The result of the dynamic convolution whose gradient a node is, where that is part of the graph.
  fileprivate func dynamicResult(of gradient: Node) -> ValueID? {
    guard let operation = gradient.operation as? DynamicConvolution2DGradient else { return nil }
    let operands = gradient.inputs.dropFirst()
    return nodes.first {
      guard let forward = $0.operation as? DynamicConvolution2D, $0.inputs.elementsEqual(operands) else { return false }
      return forward.geometry == operation.geometry && forward.attentions == operation.attentions
    }?.outputs[0]
  }
}
