import CLabKernels
import LabGraph

/// The operands of `activation(affine(x) + residualAffine(residual))`.
struct AppliedOperands {
  var x: SlotID
  var affine: ChannelAffine?
  var residual: SlotID?
  var residualAffine: ChannelAffine?
  var activation: LabActivation

  /// Whether samples have factors of their own, and so are computed one by one.
  var isPerSample: Bool { affine?.isPerSample == true || residualAffine?.isPerSample == true }
  var images: [SlotID] { [x] + [residual].compactMap { $0 } }
  var vectors: [SlotID] { [affine, residualAffine].compactMap { $0 }.flatMap(\.slots) }
}

/// Normalization, residual sum, activation and pooled sums in one pass.
final class ApplyKernel: Kernel {
  private let extent: LabExtent
  private let operands: AppliedOperands
  private let y: SlotID?
  private let pooled: SlotID?
  private let apply: (UnsafePointer<LabApply>?) -> Void

  /// - Parameters:
  ///   - y: the image; nil if only the sums are wanted.
  ///   - pooled: the sums over pixels; nil if only the image is wanted.
  init(
    _ extent: LabExtent, operands: AppliedOperands, y: SlotID?, pooled: SlotID?,
    apply: @escaping (UnsafePointer<LabApply>?) -> Void, path: String
  ) {
    self.extent = extent
    self.operands = operands
    self.y = y
    self.pooled = pooled
    self.apply = apply
    super.init(operands.affine == nil ? .elementwise : .normalization, path: path, samples: extent.samples)
    reads = operands.images + operands.vectors
    writes = [y, pooled].compactMap { $0 }
    bfloat16Operands = operands.images
    if let y { replacements = operands.images.map { (y, $0) } }
  }

  override func run(_ worker: Worker) {
    worker.forSamples(together: !operands.isPerSample) { run(worker, $0) }
  }

  private func run(_ worker: Worker, _ samples: Range<Int>) {
    let first = samples.lowerBound
    var arguments = LabApply()
    arguments.extent = extent
    arguments.extent.samples = samples.count
    arguments.x = source(operands.x, worker, sample: first)
    if let affine = operands.affine {
      (arguments.scale, arguments.shift) = affine.vectors(worker, sample: first)
    }
    arguments.residual = source(operands.residual, worker, sample: first)
    if let affine = operands.residualAffine {
      (arguments.residualScale, arguments.residualShift) = affine.vectors(worker, sample: first)
    }
    arguments.activation = operands.activation
    if let y { arguments.y = worker.pointer(y, sample: first) }
    if let pooled { arguments.pooled = worker.pointer(pooled, sample: first) }
    apply(&arguments)
  }
}
