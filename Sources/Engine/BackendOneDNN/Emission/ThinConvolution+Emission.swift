import CLabKernels
import COneDNN
import LabGraph

extension Emission {
  /// Lowers a convolution of a few channels, or returns false where it has more.
  func emitThin(_ plan: ConvolutionPlan, image: ValueID, weights: ValueID, result: SlotID) throws -> Bool {
    guard let thin = LabThinConvolution(plan) else { return false }
    addThin(
      thin, .convolutionForward, samples: plan.shape.samples, source: try demand(image, .flat),
      weights: try demand(weights, .flat), result: result)
    return true
  }

  /// Lowers the gradient of such a convolution's image.
  func emitThinInputGradient(_ plan: ConvolutionPlan, upstream: ValueID, weights: ValueID, image: ValueID) throws
    -> Bool
  {
    guard let thin = LabThinConvolution(plan) else { return false }
    let source = try demand(weights, .flat)
    let turned = addWhole(floats: thin.weightCount)
    add(
      WholeKernel(.reorder, path: node.path, reads: [source], writes: [turned]) { step in
        thin.turn(step.pointer(source), into: step.pointer(turned))
      })
    addThin(
      thin.inputGradient, .convolutionInputGradient, samples: plan.shape.samples,
      source: try demand(upstream, .flat), weights: turned, result: define(image, .flat))
    return true
  }

  /// Lowers the gradient of such a convolution's weights.
  func emitThinWeightGradient(_ plan: ConvolutionPlan, image: ValueID, upstream: ValueID, gradient: ValueID) throws
    -> Bool
  {
    guard let thin = LabThinConvolution(plan) else { return false }
    let (x, upstream) = (try demand(image, .flat), try demand(upstream, .flat))
    let kernel = kernelTable.thinWeightGradient!
    add(
      SumKernel(
        .convolutionWeightGradient, path: node.path, samples: plan.shape.samples, reads: [x, upstream],
        sums: define(gradient, .flat), count: thin.weightCount, paddedCount: thin.weightCount,
        scratchBytes: thinScratchBytes(thin)
      ) { worker, sums in
        var part = thin
        part.samples = worker.count
        kernel(
          &part, worker.pointer(x), worker.pointer(upstream), sums,
          worker.scratch.assumingMemoryBound(to: Float.self))
      })
    return true
  }

  private func addThin(
    _ thin: LabThinConvolution, _ kind: KernelKind, samples: Int, source: SlotID, weights: SlotID, result: SlotID
  ) {
    let kernel = kernelTable.thinForward!
    add(
      ChunkKernel(
        kind, path: node.path, samples: samples, reads: [source, weights], writes: [result],
        scratchBytes: thinScratchBytes(thin)
      ) { worker in
        var part = thin
        part.samples = worker.count
        kernel(
          &part, worker.pointer(source), worker.whole(weights), worker.pointer(result),
          worker.scratch.assumingMemoryBound(to: Float.self))
      })
  }

  private func thinScratchBytes(_ thin: LabThinConvolution) -> Int {
    var thin = thin
    return kernelTable.thinScratchCount(&thin) * 4
  }
}
