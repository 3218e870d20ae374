import CLabKernels
import LabGraph

/// Normalisation, residual sum, activation and pooled sums in one pass.
final class ApplyKernel: Kernel {
  private let extent: LabExtent
  private let x: SlotID
  private let residual: SlotID?
  private let expression: ApplyExpression
  private let y: SlotID?
  private let pooled: SlotID?
  private let apply: (UnsafePointer<LabApply>?) -> Void

  init(
    _ extent: LabExtent, x: SlotID, residual: SlotID?, expression: ApplyExpression, y: SlotID?, pooled: SlotID?,
    apply: @escaping (UnsafePointer<LabApply>?) -> Void, path: String
  ) {
    self.extent = extent
    self.x = x
    self.residual = residual
    self.expression = expression
    self.y = y
    self.pooled = pooled
    self.apply = apply
    super.init(
      expression.affine == nil ? .elementwise : .normalization, path: path, samples: extent.samples)
    let vectors = [expression.affine, expression.residualAffine].compactMap { $0 }.flatMap { [$0.scale, $0.shift] }
    reads = [x] + [residual].compactMap { $0 } + vectors
    writes = [y, pooled].compactMap { $0 }
    bfloat16Operands = [x] + [residual].compactMap { $0 }
    if let y { replacements = [(y, x)] + (residual.map { [(y, $0)] } ?? []) }
  }

  override func run(_ worker: Worker) {
    worker.forSamples(together: !expression.isPerSample) { run(worker, $0) }
  }

  private func run(_ worker: Worker, _ samples: Range<Int>) {
    let first = samples.lowerBound
    var arguments = LabApply()
    arguments.extent = extent
    arguments.extent.samples = samples.count
    arguments.x = source(x, worker, sample: first)
    if let affine = expression.affine {
      (arguments.scale, arguments.shift) = affine.vectors(worker, sample: first)
    }
    arguments.residual = source(residual, worker, sample: first)
    if let affine = expression.residualAffine {
      (arguments.residualScale, arguments.residualShift) = affine.vectors(worker, sample: first)
    }
    arguments.activation = expression.activation
    if let y { arguments.y = worker.pointer(y, sample: first) }
    if let pooled { arguments.pooled = worker.pointer(pooled, sample: first) }
    apply(&arguments)
  }
}
