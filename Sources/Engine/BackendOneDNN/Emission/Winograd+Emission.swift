import CLabKernels
import COneDNN
import LabGraph

extension Emission {
  /// Lowers a forward pass or an image's gradient.
  func emitWinograd(
    _ plan: WinogradPlan, _ direct: ConvolutionPlan, source: SlotID, weights value: ValueID, result: SlotID
  ) throws {
    let isForward = direct.kind == ONEDNN_FORWARD
    let kind: KernelKind = isForward ? .convolutionForward : .convolutionInputGradient
    let weights = try transformedWeights(value, for: plan, direct, kind)
    let geometry = isForward ? plan.geometry : plan.swapped
    let forward = plan.kernels.forward!
    add(
      ChunkKernel(
        kind, path: node.path, samples: direct.shape.samples, reads: [source, weights], writes: [result],
        scratchBytes: plan.kernels.forwardScratchCount(geometry) * 4
      ) { worker in
        forward(
          geometry, worker.count, worker.pointer(source), worker.whole(weights), worker.pointer(result),
          worker.isFar(result), worker.scratch.assumingMemoryBound(to: Float.self))
      })
  }

  /// A convolution's weights in matrices of block × block.
  func blockedWeights(_ value: ValueID, for plan: ConvolutionPlan) throws -> (slot: SlotID, layout: WeightLayout) {
    var shape = plan.shape
    shape.samples = 1
    let layout = try WeightLayout.blocked(shape, block: block, isTransposed: false)
    return (try demandWeights(value, in: .weights(layout, shape: shape, count: 1)), layout)
  }

  /// The transformed weights of one pass, made once a step.
  private func transformedWeights(
    _ value: ValueID, for plan: WinogradPlan, _ direct: ConvolutionPlan, _ kind: KernelKind
  ) throws -> SlotID {
    let isTransposed = kind == .convolutionInputGradient
    let (slot, layout) = try blockedWeights(value, for: direct)
    let source = isTransposed ? transposeBlocks(slot, byteCount: layout.byteCount) : slot
    let key = WeightSlots.TransformedKey(weights: source, tileSide: plan.geometry.resultSide)
    if let known = weights.transformed[key] { return known }
    let target = addSlot(samples: 1, bytes: plan.transformedBytes(isTransposed: isTransposed))
    let transform = plan.kernels.transformWeights!
    let extent = LabDynamicExtent(
      kernels: 1, outputBlocks: plan.geometry.outputBlocks, inputBlocks: plan.geometry.inputBlocks, taps: 9,
      kernelStride: 0, groups: 1, isDepthWise: false)
    let resultSide = plan.geometry.resultSide
    add(
      WholeKernel(kind, path: node.path, reads: [source], writes: [target]) { step in
        var arguments = LabAggregate()
        arguments.extent = extent
        arguments.samples = 1
        arguments.transposed = isTransposed
        arguments.w = UnsafePointer(step.pointer(source))
        arguments.out = step.pointer(target)
        transform(resultSide, &arguments)
      })
    weights.transformed[key] = target
    return target
  }
}
