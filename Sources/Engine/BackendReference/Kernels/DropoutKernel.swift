import LabCore
import LabGraph

extension Dropout: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let step = inputs[1].integers[0]
    let scale = 1 / (1 - rate.decimal)
    let elements = inputs[0].elements.enumerated().map { isKept(element: $0, step: step) ? scale * $1 : 0 }
    return [ReferenceTensor(inputs[0].shape, elements)]
  }
}
