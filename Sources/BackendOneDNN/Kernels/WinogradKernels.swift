import CLabKernels
import LabGraph

/// A convolution's forward pass or the gradient of its image with weights that were transformed before.
final class WinogradConvolutionKernel: BaseKernel, Kernel {
  private let geometry: LabWinogradGeometry
  private let kernels: LabWinograd
  private let source: SlotID
  private let weights: SlotID
  private let result: SlotID

  /// - Parameters:
  ///   - geometry: the extents of this pass.
  ///   - source: what is convolved: the image, or the gradient of the result.
  init(
    _ geometry: LabWinogradGeometry, kernels: LabWinograd, kind: KernelKind, samples: Int, source: SlotID,
    weights: SlotID, result: SlotID, path: String
  ) {
    self.geometry = geometry
    self.kernels = kernels
    self.source = source
    self.weights = weights
    self.result = result
    super.init(kind, path: path, samples: samples)
    reads = [source, weights]
    writes = [result]
    scratchBytes = kernels.forwardScratchCount(geometry) * 4
  }

  override func run(_ worker: Worker) throws {
    kernels.forward(
      geometry, worker.count, worker.pointer(source), worker.whole(weights), worker.pointer(result),
      worker.scratch.assumingMemoryBound(to: Float.self))
  }
}

/// The gradient of a convolution's weights: transformed gradients are summed over chunks and workers, and turned into the
/// gradient once.
final class WinogradWeightGradientKernel: BaseKernel, Kernel {
  private let plan: WinogradPlan
  private let image: SlotID
  private let upstream: SlotID
  private let gradient: SlotID
  private let accumulate: (Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void

  init(
    _ plan: WinogradPlan, samples: Int, image: SlotID, upstream: SlotID, gradient: SlotID, table: LabKernels,
    path: String
  ) {
    self.plan = plan
    self.image = image
    self.upstream = upstream
    self.gradient = gradient
    accumulate = table.accumulate
    super.init(.convolutionWeightGradient, path: path, samples: samples)
    reads = [image, upstream]
    lateWrites = [gradient]
  }

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    scratchBytes = (chunkSizes.map { plan.kernels.transformedGradientScratchCount(plan.geometry, $0) }.max() ?? 0) * 4
    accumulatorBytes = plan.transformedBytes()
  }

  override func run(_ worker: Worker) throws {
    plan.kernels.transformedGradient(
      plan.geometry, worker.count, worker.pointer(image), worker.pointer(upstream),
      worker.accumulator(at: accumulatorOffset), !worker.isFirstChunk,
      worker.scratch.assumingMemoryBound(to: Float.self))
  }

  override func finish(_ step: Step) {
    let sum: UnsafeMutablePointer<Float> = step.workers[0].accumulator(at: accumulatorOffset)
    for worker in step.workers.dropFirst() where worker.hasWorked {
      accumulate(plan.transformedBytes() / 4, worker.accumulator(at: accumulatorOffset), sum)
    }
    plan.kernels.finishGradient(plan.geometry, sum, step.pointer(gradient))
  }
}
