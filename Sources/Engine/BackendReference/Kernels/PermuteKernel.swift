import LabCore
import LabGraph

extension Permute: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let strides = inputs[0].shape.strides
    let sources = outputTypes[0].shape.offsets(strides: order.map { strides[$0] })
    return [ReferenceTensor(outputTypes[0].shape, sources.map { inputs[0].elements[$0] })]
  }
}
