import CLabKernels
import LabGraph

/// The gradients of a depth-wise convolution's weights and image, with the normalizations and the activation around it.
///
/// What it computes is settled while the nodes of the backward pass are emitted: the gradient of the weights, that of the
/// image, and in its place that of the normalization before the convolution.
final class DepthWiseBackwardKernel: Kernel {
  /// The result's gradient: `a · upstream + b · y + c`, or the upstream itself.
  struct Upstream {
    var upstream: SlotID
    /// The normalized result, and what follows from the sums of its normalization.
    var normalization: (y: SlotID, coefficients: NormGradientCoefficients)?

    fileprivate var reads: [SlotID] {
      guard let (y, coefficients) = normalization else { return [upstream] }
      return [upstream, y, coefficients.a, coefficients.b, coefficients.c]
    }
  }

  private let convolution: DepthWiseConvolution
  private let upstream: Upstream
  private let image: AppliedOperands
  /// Absent where no gradient of the image is wanted.
  private let weights: SlotID?
  private let run: (UnsafePointer<LabDepthWiseConvolution>?, UnsafePointer<LabDepthWiseGradients>?) -> Void
  private var weightGradient: SlotID?
  private var imageGradient: SlotID?
  /// What sums for the normalization of the image, where this kernel does so in its place.
  private var reduction: (kernel: ReduceGradientKernel, mean: SlotID)?

  /// - Parameter kind: what its time counts as, that of everything that it computes.
  init(
    _ kind: KernelKind, _ convolution: DepthWiseConvolution, upstream: Upstream, image: AppliedOperands,
    weights: SlotID?,
    kernels: LabKernels, path: String
  ) {
    self.convolution = convolution
    self.upstream = upstream
    self.image = image
    self.weights = weights
    run = kernels.depthWiseBackward
    super.init(kind, path: path, samples: convolution.samples)
    reads = upstream.reads + image.images + image.vectors + [weights].compactMap { $0 }
    scratchBytes = convolution.scratchBytes
  }

  /// Has the gradient of the weights computed, as `[blocks][taps][block]`.
  func addWeightGradient(_ slot: SlotID) {
    weightGradient = slot
    lateWrites.append(slot)
    accumulatorBytes = weightSumBytes
  }

  /// Has the gradient of the image computed.
  func addImageGradient(_ slot: SlotID) {
    imageGradient = slot
    writes = [slot]
  }

  /// Takes over the work of a kernel that differentiates the activation and sums for the normalization of the image, whose
  /// result then takes the place of the image's gradient.
  func take(_ reduction: ReduceGradientKernel, of imageGradient: SlotID, result: SlotID, mean: SlotID) {
    self.reduction = (reduction, mean)
    addImageGradient(result)
    reads += reduction.reads.filter { $0 != imageGradient }
    lateWrites += reduction.lateWrites
    accumulatorBytes = weightSumBytes + reduction.accumulatorBytes
  }

  /// Whether an expression is that of the image before its activation.
  func isImage(_ operands: AppliedOperands, _ activation: LabActivation) -> Bool {
    guard let own = image.affine, let other = operands.affine, operands.residual == nil, !other.isPerSample else {
      return false
    }
    return operands.x == image.x && own.scale == other.scale && own.shift == other.shift
      && activation == image.activation
  }

  private var weightSumBytes: Int { MemoryPlan.align(convolution.weightCount * MemoryLayout<Double>.stride) }

  override var accumulatorOffset: Int {
    didSet { reduction?.kernel.accumulatorOffset = accumulatorOffset + weightSumBytes }
  }

  override func run(_ worker: Worker) {
    var arguments = convolution.arguments(
      worker, image: image, weights: weights, passesCache: imageGradient.map(passesCache) ?? false)
    var gradients = LabDepthWiseGradients()
    gradients.upstream = UnsafePointer(worker.pointer(upstream.upstream))
    if let (y, coefficients) = upstream.normalization {
      gradients.y = UnsafePointer(worker.pointer(y))
      gradients.a = UnsafePointer(worker.whole(coefficients.a))
      gradients.b = UnsafePointer(worker.whole(coefficients.b))
      gradients.c0 = UnsafePointer(worker.whole(coefficients.c))
    }
    if weightGradient != nil { gradients.dw = worker.accumulator(at: accumulatorOffset) }
    if let imageGradient { gradients.dx = worker.pointer(imageGradient) }
    if let reduction {
      gradients.mean = UnsafePointer(worker.whole(reduction.mean))
      gradients.sum = reduction.kernel.sums(worker)
      gradients.sumX = gradients.sum + convolution.paddedChannels
    }
    run(&arguments, &gradients)
  }

  override func finish(_ step: StepMemory) {
    if let weightGradient {
      step.roundSums(at: accumulatorOffset, count: convolution.weightCount, to: weightGradient)
    }
    reduction?.kernel.finish(step)
  }
}
