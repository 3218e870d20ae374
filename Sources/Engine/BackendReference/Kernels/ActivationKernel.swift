import Foundation
import LabCore
import LabGraph

extension Activation: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    [ReferenceTensor(inputs[0].shape, inputs[0].elements.map(function.value))]
  }
}

extension ActivationGradient: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (upstream, saved) = (inputs[0], inputs[1])
    return [
      ReferenceTensor(upstream.shape, zip(upstream.elements, saved.elements).map { $0 * function.derivative($1) })
    ]
  }
}

extension Activation.Function {
  /// The function of one number.
  fileprivate func value(_ x: Double) -> Double {
    switch self {
    case .relu: max(x, 0)
    case .relu6: min(max(x, 0), 6)
    case .silu: x * logistic(x)
    case .hardSwish: x * min(max(x + 3, 0), 6) / 6
    case .hardSigmoid: min(max(x + 3, 0), 6) / 6
    case .gelu: x * normalDistribution(x)
    case .sigmoid: logistic(x)
    case .tanh: Foundation.tanh(x)
    }
  }

  /// The derivative, from the result `y` where ``differentiatesFromOutput``, else from the operand `x`.
  fileprivate func derivative(_ saved: Double) -> Double {
    let (x, y) = (saved, saved)
    switch self {
    case .relu: return y > 0 ? 1 : 0
    case .relu6: return y > 0 && y < 6 ? 1 : 0
    case .silu: return logistic(x) * (1 + x * (1 - logistic(x)))
    case .hardSwish: return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6
    case .hardSigmoid: return x > -3 && x < 3 ? 1.0 / 6 : 0
    case .gelu: return normalDistribution(x) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
    case .sigmoid: return y * (1 - y)
    case .tanh: return 1 - y * y
    }
  }
}

private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

private func normalDistribution(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
