import LabCore
import LabGraph

extension Reshape: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    switch outputTypes[0].element {
    case .float32: [ReferenceTensor(shape, inputs[0].elements)]
    case .int32: [ReferenceTensor(shape, integers: inputs[0].integers)]
    }
  }
}
