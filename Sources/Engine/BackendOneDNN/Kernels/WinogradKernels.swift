import CLabKernels
import LabGraph

/// The gradient of a convolution's weights: transformed gradients are summed over chunks and workers, and turned into the
/// gradient once.
final class WinogradWeightGradientKernel: Kernel {
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

  override func finish(_ step: StepMemory) {
    let sum: UnsafeMutablePointer<Float> = step.workers[0].accumulator(at: accumulatorOffset)
    for worker in step.workers.dropFirst() where worker.hasWorked {
      accumulate(plan.transformedBytes() / 4, worker.accumulator(at: accumulatorOffset), sum)
    }
    plan.kernels.finishGradient(plan.geometry, sum, step.pointer(gradient))
  }
}
