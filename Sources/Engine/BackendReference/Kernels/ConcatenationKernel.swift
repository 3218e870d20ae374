import LabCore
import LabGraph

extension Concatenation: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    var result = ReferenceTensor(zeros: outputTypes[0])
    var start = 0
    for input in inputs {
      result.place(input, at: start, along: axis)
      start += input.shape[axis]
    }
    return [result]
  }
}
