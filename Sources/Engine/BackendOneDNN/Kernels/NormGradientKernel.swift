import CLabKernels

/// The gradient of a batch normalisation's operand, once the sums over the batch are known.
final class NormGradientKernel: BaseKernel, Kernel {
  private let extent: LabExtent
  private let upstream: SlotID
  private let x: SlotID
  private let coefficients: NormGradientCoefficients
  private let dx: SlotID
  private let kernels: LabKernels

  init(
    _ extent: LabExtent, upstream: SlotID, x: SlotID, coefficients: NormGradientCoefficients, dx: SlotID,
    kernels: LabKernels, path: String
  ) {
    self.extent = extent
    self.upstream = upstream
    self.x = x
    self.coefficients = coefficients
    self.dx = dx
    self.kernels = kernels
    super.init(.normalization, path: path, samples: extent.samples)
    reads = [upstream, x, coefficients.a, coefficients.b, coefficients.c]
    writes = [dx]
    replacements = [(dx, upstream)]
    halfOperands = [upstream, x]
  }

  override func run(_ worker: Worker) {
    var part = extent
    part.samples = worker.count
    let first = worker.samples.lowerBound
    kernels.normGradientApply(
      part, source(upstream, worker, sample: first), source(x, worker, sample: first), worker.whole(coefficients.a),
      worker.whole(coefficients.b), worker.whole(coefficients.c), worker.pointer(dx))
  }
}
