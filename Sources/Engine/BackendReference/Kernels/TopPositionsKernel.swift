import LabCore
import LabGraph

extension TopPositions: ReferenceKernel {
  static var kind: KernelKind { .reduction }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let width = inputs[0].shape[1]
    var result = ReferenceTensor(zeros: outputTypes[0])
    for row in 0..<inputs[0].shape[0] {
      let numbers = inputs[0].elements[row * width..<(row + 1) * width]
      for (index, position) in positions(of: numbers).enumerated() {
        result.elements[(row * count + index) * width + position] = 1
      }
    }
    return [result]
  }
}
