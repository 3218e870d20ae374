import Foundation
import LabCore
import LabGraph

extension SGDUpdate: ReferenceKernel {
  static var kind: KernelKind { .optimizer }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (rate, gradientScale) = (inputs[inputs.count - 2].number, inputs[inputs.count - 1].number)
    let (momentum, weightDecay) = (momentum.decimal, weightDecay.decimal)
    let step = rate * rateFactor.decimal
    var parameter = inputs[0]
    var velocity = momentum == 0 ? nil : inputs[2]
    for index in parameter.elements.indices {
      let gradient = gradientScale * inputs[1].elements[index] + weightDecay * parameter.elements[index]
      var direction = gradient
      if let old = velocity?.elements[index] {
        let new = momentum * old + gradient
        velocity?.elements[index] = new
        direction = isNesterov ? gradient + momentum * new : new
      }
      parameter.elements[index] -= step * direction
    }
    return [parameter] + (velocity.map { [$0] } ?? [])
  }
}

extension AdamUpdate: ReferenceKernel {
  static var kind: KernelKind { .optimizer }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    var (parameter, first, second) = (inputs[0], inputs[2], inputs[3])
    let rate = inputs[4].number * rateFactor.decimal
    let (correction1, correction2, gradientScale) = (inputs[5].number, inputs[6].number, inputs[7].number)
    let (epsilon, weightDecay) = (epsilon.decimal, weightDecay.decimal)
    for index in parameter.elements.indices {
      var gradient = gradientScale * inputs[1].elements[index]
      if isDecoupled {
        parameter.elements[index] *= 1 - rate * weightDecay
      } else {
        gradient += weightDecay * parameter.elements[index]
      }
      first.elements[index] = beta1 * first.elements[index] + (1 - beta1) * gradient
      second.elements[index] = beta2 * second.elements[index] + (1 - beta2) * gradient * gradient
      let deviation = (second.elements[index] / correction2).squareRoot() + epsilon
      parameter.elements[index] -= rate * first.elements[index] / correction1 / deviation
    }
    return [parameter, first, second]
  }
}

extension GradientClipFactor: ReferenceKernel {
  static var kind: KernelKind { .optimizer }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let norm = inputs.reduce(0) { $1.elements.reduce($0) { $0 + $1 * $1 } }.squareRoot()
    return [
      ReferenceTensor(.scalar, [min(1, maximumNorm.decimal / (norm + 1e-6))]), ReferenceTensor(.scalar, [norm]),
    ]
  }
}

extension MovingAverageUpdate: ReferenceKernel {
  static var kind: KernelKind { .optimizer }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let share = inputs[2].number
    let elements = zip(inputs[0].elements, inputs[1].elements).map { $0 + share * ($1 - $0) }
    return [ReferenceTensor(inputs[0].shape, elements)]
  }
}
