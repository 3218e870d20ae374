import LabCore
import LabGraph

extension Slice: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let strides = inputs[0].shape.strides
    let sources = outputTypes[0].shape.offsets(strides: strides, start: start * strides[axis])
    return [ReferenceTensor(outputTypes[0].shape, sources.map { inputs[0].elements[$0] })]
  }
}
