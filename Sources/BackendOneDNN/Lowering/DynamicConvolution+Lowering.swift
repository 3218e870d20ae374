import CLabKernels
import COneDNN
import LabCore
import LabGraph

extension Lowering {
  /// Whether a dynamic convolution's weights can be aggregated in blocks.
  func isBlockedDynamic(geometry: ConvolutionGeometry, x: ValueID, y: ValueID) -> Bool {
    geometry.groups == 1 && naturalForm(x) == .blocked && naturalForm(y) == .blocked
  }

  /// What a dynamic convolution's kernels share; attentions of channels are padded to whole blocks where weights are.
  func dynamicOperands(
    _ attentions: DynamicAttentions, _ values: ArraySlice<ValueID>, kernels: Shape, geometry: ConvolutionGeometry,
    isBlocked: Bool
  ) throws -> DynamicConvolutionOperands {
    var rest = values
    func next(_ attention: DynamicAttentions, isOfChannels: Bool) throws -> SlotID? {
      guard attentions.contains(attention) else { return nil }
      let value = rest.removeFirst()
      return try isBlocked && isOfChannels ? demandPaddedMatrix(value) : demand(value, .flat)
    }
    return DynamicConvolutionOperands(
      kernel: try next(.kernel, isOfChannels: false), spatial: try next(.spatial, isOfChannels: false),
      channel: try next(.channel, isOfChannels: true), filter: try next(.filter, isOfChannels: true), kernels: kernels,
      geometry: geometry, block: isBlocked ? block : 1)
  }

  /// One kernel's shape for the convolution library.
  func singleKernel(_ kernels: Shape) -> Shape { Shape(Array(kernels.dimensions.dropFirst())) }

  /// The blocked layout of the kernels of a dynamic convolution.
  func dynamicLayout(_ plan: ConvolutionPlan, kernels: Shape) throws -> (layout: WeightLayout, variable: VariableLayout)
  {
    var shape = plan.shape
    shape.samples = 1
    let layout = try WeightLayout.blocked(shape, block: block, isTransposed: false)
    return (layout, .weights(layout, shape: shape, count: kernels[0]))
  }
}

extension DynamicConvolution2D: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (x, weight, y) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let kernels = lowering.shape(weight)
    let plan = lowering.convolutionPlan(
      ONEDNN_FORWARD, geometry, image: lowering.shape(x), kernel: lowering.singleKernel(kernels),
      result: lowering.shape(y), imageForm: lowering.naturalForm(x), resultForm: lowering.naturalForm(y))
    let isBlocked = lowering.isBlockedDynamic(geometry: geometry, x: x, y: y)
    let operands = try lowering.dynamicOperands(
      attentions, node.inputs[2...], kernels: kernels, geometry: geometry, isBlocked: isBlocked)
    guard isBlocked else {
      let weights = try lowering.demand(weight, .flat)
      let image = try lowering.demand(x, lowering.naturalForm(x))
      lowering.add(
        DenseDynamicConvolutionKernel(
          plan, operands: operands, x: image, weights: weights, y: lowering.define(y, lowering.naturalForm(y)),
          path: node.path))
      return
    }
    let (layout, variableLayout) = try lowering.dynamicLayout(plan, kernels: kernels)
    let weights = try lowering.demandWeights(weight, in: variableLayout)
    let image = try lowering.demand(x, .blocked)
    lowering.add(
      BlockedDynamicConvolutionKernel(
        plan, winograd: lowering.winogradPlan(plan, hasOwnWeights: true), layout: layout, operands: operands, x: image,
        weights: weights, y: lowering.define(y, .blocked), kernels: lowering.kernelTable, path: node.path))
  }
}

extension DynamicConvolution2DGradient: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (upstream, x, weight) = (node.inputs[0], node.inputs[1], node.inputs[2])
    let kernels = lowering.shape(weight)
    func plan(_ kind: OneDnnKind) -> ConvolutionPlan {
      lowering.convolutionPlan(
        kind, geometry, image: lowering.shape(x), kernel: lowering.singleKernel(kernels),
        result: lowering.shape(upstream), imageForm: lowering.naturalForm(x), resultForm: lowering.naturalForm(upstream)
      )
    }
    let isBlocked = lowering.isBlockedDynamic(geometry: geometry, x: x, y: upstream)
    let operands = try lowering.dynamicOperands(
      attentions, node.inputs[3...], kernels: kernels, geometry: geometry, isBlocked: isBlocked)
    var outputs = node.outputs[...]
    let dx = needsInputGradient ? outputs.removeFirst() : nil
    let dWeight = outputs.removeFirst()
    let dAttentions = outputs.map { lowering.define($0, .flat) }
    let (inputPlan, weightPlan) = (plan(ONEDNN_INPUT_GRADIENT), plan(ONEDNN_WEIGHT_GRADIENT))

    guard isBlocked else {
      let tensors = BlockedDynamicGradientKernel.Tensors(
        upstream: try lowering.demand(upstream, lowering.naturalForm(upstream)),
        x: try lowering.demand(x, lowering.naturalForm(x)), weights: try lowering.demand(weight, .flat),
        dx: dx.map { lowering.define($0, lowering.naturalForm($0)) }, dWeights: lowering.define(dWeight, .flat),
        dAttentions: dAttentions)
      lowering.add(
        DenseDynamicGradientKernel(
          inputPlan: inputPlan, weightPlan: weightPlan, operands: operands, tensors: tensors, path: node.path))
      return
    }
    let (layout, variableLayout) = try lowering.dynamicLayout(inputPlan, kernels: kernels)
    let weights = try lowering.demandWeights(weight, in: variableLayout)
    let preferred = try inputPlan.preferredWeights()
    var shape = inputPlan.shape
    shape.samples = 1
    let plain = try WeightLayout.blocked(shape, block: lowering.block, isTransposed: true)
    let swapped = try WeightLayout.blocked(
      shape, block: lowering.block, isTransposed: true, swapsOuterBlocks: true)
    let isSwapped = operands.taps == 1 && preferred.isEqual(to: swapped) && !preferred.isEqual(to: plain)
    let inputLayout = isSwapped ? swapped : plain
    var transposed: SlotID?
    if dx != nil {
      transposed =
        isSwapped
        ? try lowering.demandWeights(weight, in: .weights(inputLayout, shape: shape, count: kernels[0]))
        : lowering.transposeSets(weights, layout: variableLayout)
    }
    let dWeightSlot = lowering.addSlot(samples: 1, bytes: variableLayout.byteCount(lowering.graph.type(of: weight)))
    lowering.weightSlots[dWeight] = (dWeightSlot, variableLayout)
    let tensors = BlockedDynamicGradientKernel.Tensors(
      upstream: try lowering.demand(upstream, .blocked), x: try lowering.demand(x, .blocked), weights: weights,
      transposedWeights: transposed, dx: dx.map { lowering.define($0, .blocked) }, dWeights: dWeightSlot,
      dAttentions: dAttentions)
    lowering.add(
      BlockedDynamicGradientKernel(
        inputPlan: inputPlan, weightPlan: weightPlan,
        winograd: lowering.winogradPlan(inputPlan, hasOwnWeights: true), layout: layout, inputLayout: inputLayout,
        outerBlocksAreSwapped: isSwapped, operands: operands, tensors: tensors, kernels: lowering.kernelTable,
        path: node.path))
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
