import LabCore
import LabGraph

extension GroupNormalization: ReferenceKernel {
  static var kind: KernelKind { .normalization }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (x, scale, shift) = (inputs[0], inputs[1].elements, inputs[2].elements)
    var results = outputTypes.map(ReferenceTensor.init(zeros:))
    for (index, group) in memberships(in: x.shape, groups: groups).enumerated() {
      let count = Double(group.count)
      let mean = group.reduce(0) { $0 + x.elements[$1.position] } / count
      let squares = group.reduce(0) { $0 + (x.elements[$1.position] - mean) * (x.elements[$1.position] - mean) }
      let inverseDeviation = 1 / (squares / count + epsilon.decimal).squareRoot()
      for (position, channel) in group {
        results[0].elements[position] =
          (x.elements[position] - mean) * inverseDeviation * scale[channel] + shift[channel]
      }
      results[1].elements[index] = mean
      results[2].elements[index] = inverseDeviation
    }
    return results
  }
}

extension GroupNormalizationGradient: ReferenceKernel {
  static var kind: KernelKind { .normalization }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (upstream, x, scale) = (inputs[0].elements, inputs[1], inputs[2].elements)
    let (means, inverseDeviations) = (inputs[3].elements, inputs[4].elements)
    var results = outputTypes.map(ReferenceTensor.init(zeros:))
    for (index, group) in memberships(in: x.shape, groups: groups).enumerated() {
      let count = Double(group.count)
      func normalized(_ position: Int) -> Double { (x.elements[position] - means[index]) * inverseDeviations[index] }
      let sum = group.reduce(0) { $0 + upstream[$1.position] * scale[$1.channel] }
      let projection = group.reduce(0) {
        $0 + upstream[$1.position] * scale[$1.channel] * normalized($1.position)
      }
      for (position, channel) in group {
        let centered = upstream[position] * scale[channel] - (sum + normalized(position) * projection) / count
        results[0].elements[position] = inverseDeviations[index] * centered
        results[1].elements[channel] += upstream[position] * normalized(position)
        results[2].elements[channel] += upstream[position]
      }
    }
    return results
  }
}

/// The positions of a batch's numbers with their channels, group by group and sample by sample.
private func memberships(in shape: Shape, groups: Int) -> [[(position: Int, channel: Int)]] {
  let (channels, pixels) = (shape[1], shape[2] * shape[3])
  let channelsPerGroup = channels / groups
  return (0..<(shape[0] * groups)).map { index in
    let first = index * channelsPerGroup * pixels
    return (0..<(channelsPerGroup * pixels)).map { (first + $0, (index % groups) * channelsPerGroup + $0 / pixels) }
  }
}
