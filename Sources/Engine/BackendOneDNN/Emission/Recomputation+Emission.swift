import COneDNN
import LabGraph

extension Emission {
  /// The result of a convolution of the forward pass that the backward pass computes once more, where the session wants it so;
  /// nil for any other value.
  ///
  /// Its image is kept for the gradient of the weights in any case, and the result lives only as long as the backward pass
  /// works on it.
  func recomputedExpansion(_ value: ValueID) throws -> SlotID? {
    guard session.options.recomputation == .expansions, node.stage == .backward,
      case .node(let index, _) = graph.values[value.index].origin
    else { return nil }
    let producer = graph.nodes[index]
    guard producer.stage == .forward, producer.inputs.count == 2, let operation = producer.operation as? Convolution2D,
      isExpansion(operation, producer)
    else { return nil }
    if let slot = values[recomputed: value] { return slot }
    let (x, weight) = (producer.inputs[0], producer.inputs[1])
    let plan = try multiplyingBFloat16(
      convolutionPlan(
        ONEDNN_FORWARD, operation.geometry, image: shape(x), kernel: shape(weight), result: shape(value),
        imageForm: .blocked, resultForm: .blocked))
    let image = try demand(x, .blocked)
    let weights = try convolutionWeights(weight, for: plan)
    let slot = addSlot(for: value, .blocked)
    values[recomputed: value] = slot
    add(
      ConvolutionKernel(
        plan, layout: weights.layout, image: image, weights: weights.slot, result: slot, path: producer.path))
    return slot
  }

  private func isExpansion(_ operation: Convolution2D, _ node: Graph.Node) -> Bool {
    let (x, weight, y) = (node.inputs[0], shape(node.inputs[1]), node.outputs[0])
    let geometry = operation.geometry
    return geometry.groups == 1 && weight[2] == 1 && weight[3] == 1 && geometry.stride == Extent2D(1)
      && geometry.padding == Extent2D(0) && weight[0] >= 3 * weight[1]
      && naturalForm(x) == .blocked && naturalForm(y) == .blocked
  }
}
