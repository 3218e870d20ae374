import LabCore
import LabGraph

extension BatchNormalization: ReferenceKernel {
  static var kind: KernelKind { .normalization }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (x, scale, shift) = (inputs[0], inputs[1].elements, inputs[2].elements)
    let momentum = momentum.decimal
    var y = ReferenceTensor(zeros: x.type)
    var (means, inverseDeviations) = (ReferenceTensor(zeros: inputs[1].type), ReferenceTensor(zeros: inputs[1].type))
    var (runningMeans, runningVariances) = (inputs[3], inputs[4])
    for channel in 0..<x.shape[1] {
      let positions = positions(of: channel, in: x.shape)
      let count = Double(positions.count)
      let mean = positions.reduce(0) { $0 + x.elements[$1] } / count
      let squares = positions.reduce(0) { $0 + (x.elements[$1] - mean) * (x.elements[$1] - mean) }
      let inverseDeviation = 1 / (squares / count + epsilon.decimal).squareRoot()
      for position in positions {
        y.elements[position] = (x.elements[position] - mean) * inverseDeviation * scale[channel] + shift[channel]
      }
      means.elements[channel] = mean
      inverseDeviations.elements[channel] = inverseDeviation
      runningMeans.elements[channel] += momentum * (mean - runningMeans.elements[channel])
      runningVariances.elements[channel] += momentum * (squares / (count - 1) - runningVariances.elements[channel])
    }
    return [y, means, inverseDeviations, runningMeans, runningVariances]
  }
}

extension BatchNormalizationGradient: ReferenceKernel {
  static var kind: KernelKind { .normalization }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (upstream, x, scale) = (inputs[0].elements, inputs[1], inputs[2].elements)
    let (means, inverseDeviations) = (inputs[3].elements, inputs[4].elements)
    var results = outputTypes.map(ReferenceTensor.init(zeros:))
    for channel in 0..<x.shape[1] {
      let positions = positions(of: channel, in: x.shape)
      let count = Double(positions.count)
      func normalized(_ position: Int) -> Double {
        (x.elements[position] - means[channel]) * inverseDeviations[channel]
      }
      let sum = positions.reduce(0) { $0 + upstream[$1] }
      let projection = positions.reduce(0) { $0 + upstream[$1] * normalized($1) }
      for position in positions {
        let centered = upstream[position] - sum / count - normalized(position) * projection / count
        results[0].elements[position] = scale[channel] * inverseDeviations[channel] * centered
      }
      results[1].elements[channel] = projection
      results[2].elements[channel] = sum
    }
    return results
  }
}

extension BatchNormalizationInference: ReferenceKernel {
  static var kind: KernelKind { .normalization }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (x, scale, shift) = (inputs[0], inputs[1].elements, inputs[2].elements)
    let (means, variances) = (inputs[3].elements, inputs[4].elements)
    var y = ReferenceTensor(zeros: x.type)
    for channel in 0..<x.shape[1] {
      let deviation = (variances[channel] + epsilon.decimal).squareRoot()
      for position in positions(of: channel, in: x.shape) {
        y.elements[position] = (x.elements[position] - means[channel]) / deviation * scale[channel] + shift[channel]
      }
    }
    return [y]
  }
}

/// The positions of one channel in a batch `[N, C, …]`.
private func positions(of channel: Int, in shape: Shape) -> [Int] {
  let pixels = shape.dimensions.dropFirst(2).reduce(1, *)
  let batch: Shape = [shape[0], pixels]
  return batch.offsets(strides: [shape[1] * pixels, 1], start: channel * pixels)
}
