import CLabKernels
import LabGraph

/// Normalisation, residual sum, activation and pooled sums in one pass.
final class ApplyKernel: BaseKernel, Kernel {
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
    if let y { replacements = [(y, x)] + (residual.map { [(y, $0)] } ?? []) }
  }

  override func run(_ worker: Worker) {
    var arguments = LabApply()
    arguments.extent = extent
    arguments.extent.samples = worker.count
    arguments.x = UnsafePointer(worker.pointer(x))
    if let affine = expression.affine {
      arguments.scale = UnsafePointer(worker.whole(affine.scale))
      arguments.shift = UnsafePointer(worker.whole(affine.shift))
    }
    if let residual { arguments.residual = UnsafePointer(worker.pointer(residual)) }
    if let affine = expression.residualAffine {
      arguments.residualScale = UnsafePointer(worker.whole(affine.scale))
      arguments.residualShift = UnsafePointer(worker.whole(affine.shift))
    }
    arguments.activation = expression.activation
    if let y { arguments.y = worker.pointer(y) }
    if let pooled { arguments.pooled = worker.pointer(pooled) }
    apply(&arguments)
  }
}
