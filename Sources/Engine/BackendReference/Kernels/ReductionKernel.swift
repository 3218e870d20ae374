import LabCore
import LabGraph

extension Reduction: ReferenceKernel {
  static var kind: KernelKind { .reduction }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let x = inputs[0]
    let targets = x.shape.offsets(strides: x.shape.reducedStrides(removing: axes))
    let start = function == .maximum ? -Double.infinity : 0
    var result = [Double](repeating: start, count: outputTypes[0].shape.elementCount)
    for (element, target) in zip(x.elements, targets) {
      switch function {
      case .sum, .mean: result[target] += element
      case .maximum: result[target] = max(result[target], element)
      }
    }
    if function == .mean {
      let count = Double(axes.reduce(1) { $0 * x.shape[$1] })
      result = result.map { $0 / count }
    }
    return [ReferenceTensor(outputTypes[0].shape, result)]
  }
}

extension Broadcast: ReferenceKernel {
  static var kind: KernelKind { .reduction }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let factor = factor.decimal
    let sources = shape.offsets(strides: shape.reducedStrides(removing: axes))
    return [ReferenceTensor(shape, sources.map { factor * inputs[0].elements[$0] })]
  }
}

extension MaximumGradient: ReferenceKernel {
  static var kind: KernelKind { .reduction }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (upstream, x, maxima) = (inputs[0], inputs[1], inputs[2])
    var result = ReferenceTensor(zeros: x.type)
    var isFound = [Bool](repeating: false, count: maxima.elements.count)
    let targets = x.shape.offsets(strides: x.shape.reducedStrides(removing: axes))
    for (position, target) in targets.enumerated()
    where !isFound[target] && x.elements[position] == maxima.elements[target] {
      isFound[target] = true
      result.elements[position] = upstream.elements[target]
    }
    return [result]
  }
}

extension Shape {
  /// For each dimension the stride that it has in the tensor without some axes; 0 for these.
  fileprivate func reducedStrides(removing axes: [Int]) -> [Int] {
    var kept = Shape(dimensions)
    for axis in axes { kept[axis] = 1 }
    return kept.strides.enumerated().map { axes.contains($0) ? 0 : $1 }
  }
}
