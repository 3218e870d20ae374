import Foundation
import LabCore
import LabGraph

extension Softmax: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    var result = inputs[0]
    for row in rows(of: result.shape) {
      let logProbabilities = logSoftmax(result.elements[row])
      for (position, value) in zip(row, logProbabilities) { result.elements[position] = exp(value) }
    }
    return [result]
  }
}

extension SoftmaxGradient: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (upstream, y) = (inputs[0].elements, inputs[1].elements)
    var result = ReferenceTensor(zeros: inputs[0].type)
    for row in rows(of: result.shape) {
      let projection = row.reduce(0) { $0 + upstream[$1] * y[$1] }
      for position in row { result.elements[position] = y[position] * (upstream[position] - projection) }
    }
    return [result]
  }
}

/// The ranges of positions along the last axis.
private func rows(of shape: Shape) -> [Range<Int>] {
  let columns = shape[-1]
  return stride(from: 0, to: shape.elementCount, by: max(columns, 1)).map { $0..<$0 + columns }
}

/// The logarithms of a row's normalised exponentials.
func logSoftmax(_ row: some Sequence<Double>) -> [Double] {
  let largest = row.max() ?? 0
  let logarithm = log(row.reduce(0) { $0 + exp($1 - largest) })
  return row.map { $0 - largest - logarithm }
}
