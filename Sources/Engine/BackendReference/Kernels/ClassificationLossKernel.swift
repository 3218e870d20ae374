import Foundation
import LabCore
import LabGraph

extension ClassificationLoss: ReferenceKernel {
  static var kind: KernelKind { .loss }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) throws -> [ReferenceTensor] {
    let losses = try samples(inputs).map { sample in
      let logProbability = sample.logProbabilities[sample.label]
      switch function {
      case .crossEntropy(let labelSmoothing):
        let smoothing = labelSmoothing.decimal
        let uniform = sample.logProbabilities.reduce(0, +) / Double(sample.logProbabilities.count)
        return sample.weight * -((1 - smoothing) * logProbability + smoothing * uniform)
      case .focal(let alpha, let gamma):
        return sample.weight * -alpha.decimal * pow(-expm1(logProbability), gamma.decimal) * logProbability
      }
    }
    return [ReferenceTensor(outputTypes[0].shape, losses)]
  }
}

extension ClassificationLossGradient: ReferenceKernel {
  static var kind: KernelKind { .loss }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) throws -> [ReferenceTensor] {
    var result: [Double] = []
    for (sample, upstream) in try zip(samples(Array(inputs.dropFirst())), inputs[0].elements) {
      let classes = sample.logProbabilities.count
      // The derivatives with respect to each class's log-probability.
      var derivatives = [Double](repeating: 0, count: classes)
      switch function {
      case .crossEntropy(let labelSmoothing):
        let smoothing = labelSmoothing.decimal
        derivatives = derivatives.map { _ in -smoothing / Double(classes) }
        derivatives[sample.label] -= 1 - smoothing
      case .focal(let alpha, let gamma):
        let (alpha, gamma) = (alpha.decimal, gamma.decimal)
        let logProbability = sample.logProbabilities[sample.label]
        let miss = -expm1(logProbability)
        let slope = gamma == 0 ? 0 : gamma * pow(miss, gamma - 1) * exp(logProbability) * logProbability
        derivatives[sample.label] = -alpha * (pow(miss, gamma) - slope)
      }
      // log p_c = z_c − log Σ exp z, so each logit also moves every class by its own probability.
      let total = derivatives.reduce(0, +)
      for (derivative, logProbability) in zip(derivatives, sample.logProbabilities) {
        result.append(upstream * sample.weight * (derivative - total * exp(logProbability)))
      }
    }
    return [ReferenceTensor(outputTypes[0].shape, result)]
  }
}

/// What the loss of one sample depends on.
private struct Sample {
  var logProbabilities: [Double]
  var label: Int
  var weight: Double
}

/// The samples of the operands logits, labels and, where given, class weights.
private func samples(_ inputs: [ReferenceTensor]) throws -> [Sample] {
  let classes = inputs[0].shape[1]
  return try inputs[1].integers.enumerated().map { index, integer in
    let label = Int(integer)
    guard label >= 0, label < classes else {
      throw GraphError.invalid(
        path: "", problem: "the label of sample \(index) must be in 0..<\(classes), found \(label)")
    }
    return Sample(
      logProbabilities: logSoftmax(inputs[0].elements[index * classes..<(index + 1) * classes]), label: label,
      weight: inputs.count == 3 ? inputs[2].elements[label] : 1)
  }
}
