import LabCore
import LabGraph

extension Binary: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let shape = outputTypes[0].shape
    let left = shape.offsets(strides: inputs[0].shape.broadcastStrides(rank: shape.rank))
    let right = shape.offsets(strides: inputs[1].shape.broadcastStrides(rank: shape.rank))
    let value: (Double, Double) -> Double =
      switch function {
      case .add: (+)
      case .subtract: (-)
      case .multiply: (*)
      case .divide: (/)
      }
    return [
      ReferenceTensor(shape, zip(left, right).map { value(inputs[0].elements[$0], inputs[1].elements[$1]) })
    ]
  }
}

extension Shape {
  /// The strides of a tensor that is repeated to more dimensions: 0 where it has one position or none.
  fileprivate func broadcastStrides(rank: Int) -> [Int] {
    [Int](repeating: 0, count: rank - self.rank) + zip(dimensions, strides).map { $0 == 1 ? 0 : $1 }
  }
}
