import CLabKernels
import COneDNN
import LabCore
import LabGraph

extension Emission {
  /// Lowers a depth-wise convolution, or returns false where it is none.
  func emitDepthWise(_ plan: ConvolutionPlan, image: ValueID, weights: ValueID, result: SlotID) throws -> Bool {
    guard let convolution = DepthWiseConvolution(plan, kernels: kernelTable) else { return false }
    let kernel = DepthWiseForwardKernel(
      convolution, image: try depthWiseImage(image), weights: try demandWeights(weights, in: depthWiseWeights(plan)),
      result: result, kernels: kernelTable, path: node.path)
    add(kernel)
    // A bias would still have to be added.
    if node.inputs.count == 2 { byproducts.depthWiseResults[node.outputs[0]] = kernel }
    return true
  }

  /// Lowers the gradient of such a convolution's image.
  func emitDepthWiseInputGradient(_ plan: ConvolutionPlan, _ node: Graph.Node) throws -> Bool {
    guard let convolution = DepthWiseConvolution(plan, kernels: kernelTable) else { return false }
    let (upstream, gradient) = (node.inputs[0], node.outputs[0])
    let kernel: DepthWiseBackwardKernel
    if let known = byproducts.depthWiseUpstreams.removeValue(forKey: upstream) {
      kernel = known
    } else {
      // The image itself is of no account.
      let place = try depthWiseUpstream(upstream)
      kernel = DepthWiseBackwardKernel(
        .convolutionInputGradient, convolution, upstream: place,
        image: AppliedOperands(x: place.upstream, activation: LAB_ACTIVATION_NONE),
        weights: try demandWeights(node.inputs[1], in: depthWiseWeights(plan)), kernels: kernelTable, path: node.path)
      add(kernel)
    }
    kernel.addImageGradient(define(gradient, .blocked))
    if !fusion.isNeededElsewhere(gradient) { byproducts.depthWiseImageGradients[gradient] = kernel }
    return true
  }

  /// Lowers the gradient of such a convolution's weights.
  func emitDepthWiseWeightGradient(_ plan: ConvolutionPlan, _ node: Graph.Node) throws -> Bool {
    guard let convolution = DepthWiseConvolution(plan, kernels: kernelTable) else { return false }
    let (image, upstream, gradient) = (node.inputs[0], node.inputs[1], node.outputs[0])
    let layout = try depthWiseWeights(plan)
    let partner = imageGradientPartner(of: node)
    // Weights are read for the gradient of the image only.
    let weights = try partner.map { try demandWeights($0.inputs[1], in: layout) }
    let kernel = DepthWiseBackwardKernel(
      partner == nil ? .convolutionWeightGradient : .convolutionInputGradient, convolution,
      upstream: try depthWiseUpstream(upstream), image: try depthWiseImage(image), weights: weights,
      kernels: kernelTable, path: node.path)
    let slot = addWhole(floats: convolution.weightCount)
    self.weights.operands[gradient] = LaidOutSlot(slot: slot, layout: layout)
    kernel.addWeightGradient(slot)
    add(kernel)
    if partner != nil { byproducts.depthWiseUpstreams[upstream] = kernel }
    return true
  }

  /// Has the kernel that computes the gradient of a depth-wise convolution's image go on to that of the normalization before
  /// it, where an expression is that.
  func emitDepthWiseGradient(
    _ expression: GradientExpression, for value: ValueID, norms: [NormGradientRequest]
  ) throws -> Bool {
    guard let upstream = expression.upstream1, expression.upstream2 == nil, expression.addend == nil,
      let recomputed = expression.recomputed, let norm = norms.first, norms.count == 1,
      values[value, .blocked] == nil, let kernel = byproducts.depthWiseImageGradients[upstream]
    else { return false }
    let operands = GradientOperands(
      upstream1: values[upstream, .blocked], upstream2: nil, addend: nil, addendFactor: 1,
      activation: expression.activation.kernelCode, saved: nil, recomputed: try resolve(recomputed))
    guard kernel.isImage(operands.recomputed!, operands.activation), norm.x == operands.recomputed!.x else {
      return false
    }
    byproducts.depthWiseImageGradients[upstream] = nil
    let slot = addSlot(for: value, .blocked)
    let reduction = ReduceGradientKernel(
      extent(value), block: block, operands: operands, g: slot, norms: norms, reduce: kernelTable.reduceGradient,
      path: node.path)
    kernel.take(reduction, of: values[upstream, .blocked]!, result: slot, mean: norm.mean)
    values[value, .blocked] = slot
    return true
  }

  /// What gives the image, computed on the way where nobody else wants it.
  private func depthWiseImage(_ image: ValueID) throws -> AppliedOperands {
    if values[image, .blocked] == nil || node.stage == .backward,
      case .apply(let expression) = fusion.expressions[image],
      expression.isCheap, isReadOnceForward(image)
    {
      let operands = try resolve(expression)
      if !operands.isPerSample { return operands }
    }
    return AppliedOperands(x: try demand(image, .blocked), activation: LAB_ACTIVATION_NONE)
  }

  private func isReadOnceForward(_ value: ValueID) -> Bool {
    consumers[value.index].count { graph.nodes[$0].stage == .forward } == 1
  }

  /// The result's gradient, or what gives it.
  private func depthWiseUpstream(_ value: ValueID) throws -> DepthWiseBackwardKernel.Upstream {
    guard values[value, .blocked] == nil, case .normGradient(let expression) = fusion.expressions[value],
      let coefficients = byproducts.normGradients[expression]
    else { return DepthWiseBackwardKernel.Upstream(upstream: try demand(value, .blocked)) }
    return DepthWiseBackwardKernel.Upstream(
      upstream: try demand(expression.upstream, .blocked),
      normalization: (y: try demand(expression.x, .blocked), coefficients: coefficients))
  }

  /// The node that computes the gradient of the image from the same gradient of the result, if it is the only one that can be
  /// meant.
  private func imageGradientPartner(of node: Graph.Node) -> Graph.Node? {
    let others = consumers[node.inputs[1].index].map { graph.nodes[$0] }
    let partners = others.filter { $0.operation is Convolution2DInputGradient }
    guard partners.count == 1, others.count(where: { $0.operation is Convolution2DWeightGradient }) == 1,
      let own = node.operation as? Convolution2DWeightGradient,
      let other = partners[0].operation as? Convolution2DInputGradient, own.geometry == other.geometry,
      shape(partners[0].inputs[1]) == shape(node.outputs[0]), shape(partners[0].outputs[0]) == shape(node.inputs[0])
    else { return nil }
    return partners[0]
  }

  /// The weights as the vector kernels read them: `[blocks][taps][block]`.
  private func depthWiseWeights(_ plan: ConvolutionPlan) throws -> VariableLayout {
    var shape = plan.shape
    shape.samples = 1
    return .weights(try .blocked(shape, block: block, isTransposed: false), shape: shape, count: 1)
  }
}
