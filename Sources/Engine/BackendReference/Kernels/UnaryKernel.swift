import Foundation
import LabCore
import LabGraph

extension Unary: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let value: (Double) -> Double
    switch function {
    case .negate: value = { -$0 }
    case .exponential: value = { exp($0) }
    case .logarithm: value = { log($0) }
    case .square: value = { $0 * $0 }
    case .squareRoot: value = { $0.squareRoot() }
    case .reciprocal: value = { 1 / $0 }
    case .reciprocalSquareRoot: value = { 1 / $0.squareRoot() }
    case .affine(let factor, let offset):
      let (factor, offset) = (factor.decimal, offset.decimal)
      value = { factor * $0 + offset }
    }
    return [ReferenceTensor(inputs[0].shape, inputs[0].elements.map(value))]
  }
}
