import CLabKernels
import Foundation

let allActivations: [LabActivation] = [
  LAB_ACTIVATION_NONE, LAB_ACTIVATION_RELU, LAB_ACTIVATION_RELU6, LAB_ACTIVATION_SILU, LAB_ACTIVATION_HARD_SWISH,
  LAB_ACTIVATION_HARD_SIGMOID, LAB_ACTIVATION_GELU, LAB_ACTIVATION_SIGMOID, LAB_ACTIVATION_TANH,
]

func differentiatesFromOutput(_ activation: LabActivation) -> Bool {
  [LAB_ACTIVATION_RELU, LAB_ACTIVATION_RELU6, LAB_ACTIVATION_SIGMOID, LAB_ACTIVATION_TANH].contains(activation)
}

func referenceActivation(_ activation: LabActivation, _ x: Double) -> Double {
  let clipped = x.isNaN ? x : Swift.min(Swift.max(x + 3, 0), 6)
  switch activation {
  case LAB_ACTIVATION_RELU: return x < 0 ? 0 : x
  case LAB_ACTIVATION_RELU6: return x.isNaN ? x : Swift.min(Swift.max(x, 0), 6)
  case LAB_ACTIVATION_SILU: return x / (1 + exp(-x))
  case LAB_ACTIVATION_HARD_SWISH: return x * clipped / 6
  case LAB_ACTIVATION_HARD_SIGMOID: return clipped / 6
  case LAB_ACTIVATION_GELU: return x * erfc(-x / 2.squareRoot()) / 2
  case LAB_ACTIVATION_SIGMOID: return 1 / (1 + exp(-x))
  case LAB_ACTIVATION_TANH: return tanh(x)
  default: return x
  }
}

/// The derivative with respect to the operand.
func referenceDerivative(_ activation: LabActivation, _ x: Double) -> Double {
  switch activation {
  case LAB_ACTIVATION_RELU: return x > 0 ? 1 : 0
  case LAB_ACTIVATION_RELU6: return x > 0 && x < 6 ? 1 : 0
  case LAB_ACTIVATION_SILU:
    let s = 1 / (1 + exp(-x))
    return s * (1 + x * (1 - s))
  case LAB_ACTIVATION_HARD_SWISH: return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5
  case LAB_ACTIVATION_HARD_SIGMOID: return x > -3 && x < 3 ? 1.0 / 6 : 0
  case LAB_ACTIVATION_GELU:
    return erfc(-x / 2.squareRoot()) / 2 + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
  case LAB_ACTIVATION_SIGMOID:
    let s = 1 / (1 + exp(-x))
    return s * (1 - s)
  case LAB_ACTIVATION_TANH: return 1 - tanh(x) * tanh(x)
  default: return 1
  }
}
