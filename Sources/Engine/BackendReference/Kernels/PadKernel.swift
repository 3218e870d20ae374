import LabCore
import LabGraph

extension Pad: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    var result = ReferenceTensor(zeros: outputTypes[0])
    result.place(inputs[0], at: before, along: axis)
    return [result]
  }
}
