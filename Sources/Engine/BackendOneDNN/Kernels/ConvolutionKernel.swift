import CLabKernels
import COneDNN
import LabGraph

/// A convolution's forward pass or the gradient of its image, chunk by chunk.
final class ConvolutionKernel: Kernel {
  private let plan: ConvolutionPlan
  private let layout: WeightLayout
  private let image: SlotID
  private let weights: SlotID
  private let result: SlotID
  private var primitives: [Int: ConvolutionPrimitive] = [:]

  /// - Parameters:
  ///   - image: the image, or its gradient, which is written by an input gradient.
  ///   - result: the result, or its gradient.
  init(
    _ plan: ConvolutionPlan, layout: WeightLayout, image: SlotID, weights: SlotID, result: SlotID, path: String
  ) {
    self.plan = plan
    self.layout = layout
    self.image = image
    self.weights = weights
    self.result = result
    super.init(
      plan.kind == ONEDNN_FORWARD ? .convolutionForward : .convolutionInputGradient, path: path,
      samples: plan.shape.samples)
    reads = plan.kind == ONEDNN_FORWARD ? [image, weights] : [result, weights]
    writes = plan.kind == ONEDNN_FORWARD ? [result] : [image]
  }

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    for size in chunkSizes {
      primitives[size] = try plan.make(samples: size, weights: layout, workers: workers)
    }
    scratchBytes = primitives.values.map(\.scratchBytes).max() ?? 0
  }

  override func run(_ worker: Worker) throws {
    try primitives[worker.count]!.execute(
      worker: worker.index, image: worker.pointer(image), weights: worker.whole(weights),
      result: worker.pointer(result), scratch: worker.scratch)
  }
}

/// The gradient of a convolution's weights, summed over chunks and workers.
final class ConvolutionWeightGradientKernel: Kernel {
  private let plan: ConvolutionPlan
  private let layout: WeightLayout
  private let image: SlotID
  private let upstream: SlotID
  private let gradient: SlotID
  private let accumulate: (Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void
  private var primitives: [Int: ConvolutionPrimitive] = [:]
  private var primitiveScratchBytes = 0

  init(
    _ plan: ConvolutionPlan, layout: WeightLayout, image: SlotID, upstream: SlotID, gradient: SlotID,
    kernels: LabKernels, path: String
  ) {
    self.plan = plan
    self.layout = layout
    self.image = image
    self.upstream = upstream
    self.gradient = gradient
    accumulate = kernels.accumulate
    super.init(.convolutionWeightGradient, path: path, samples: plan.shape.samples)
    reads = [image, upstream]
    lateWrites = [gradient]
  }

  override func prepare(chunkSizes: [Int], workers: Int) throws {
    for size in chunkSizes {
      primitives[size] = try plan.make(samples: size, weights: layout, workers: workers)
    }
    primitiveScratchBytes = ((primitives.values.map(\.scratchBytes).max() ?? 0) + 63) / 64 * 64
    scratchBytes = primitiveScratchBytes + layout.byteCount
    // The first worker sums in the gradient itself.
    accumulatorBytes = workers > 1 ? layout.byteCount : 0
  }

  override func run(_ worker: Worker) throws {
    let sum = worker.index == 0 ? worker.whole(gradient) : worker.accumulator(at: accumulatorOffset)
    let part =
      worker.isFirstChunk
      ? sum : (worker.scratch + primitiveScratchBytes).assumingMemoryBound(to: Float.self)
    try primitives[worker.count]!.execute(
      worker: worker.index, image: worker.pointer(image), weights: part, result: worker.pointer(upstream),
      scratch: worker.scratch)
    if !worker.isFirstChunk { accumulate(layout.byteCount / 4, part, sum) }
  }

  override func finish(_ step: StepMemory) {
    let sum = step.pointer(gradient)
    for worker in step.workers.dropFirst() where worker.hasWorked {
      accumulate(layout.byteCount / 4, worker.accumulator(at: accumulatorOffset), sum)
    }
  }
}
