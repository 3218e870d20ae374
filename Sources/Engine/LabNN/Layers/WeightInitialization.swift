import LabCore

/// How a layer's weights and bias start.
public enum WeightInitialization: String, Sendable, Codable, CaseIterable {
  /// Weights from a Kaiming normal distribution (fan-out, ReLU), biases 0: what residual networks use.
  case kaimingNormal = "kaiming-normal"
  /// PyTorch's default for weights and biases: uniform within `1 / √fan-in`.
  case torchDefault = "torch-default"
  /// Weights from a normal distribution of deviation 0.01, biases 0: what VGG and MobileNets use for linear layers.
  case smallNormal = "small-normal"
  /// Zeros: a layer that gives zeros until it has learned.
  case zeros

  /// The initialiser of a kernel or matrix.
  func weight(_ kernel: Shape) -> Initializer {
    switch self {
    case .kaimingNormal: .kaimingNormal(kernel, fan: .output)
    case .torchDefault: .torchDefault(kernel)
    case .smallNormal: .normal(standardDeviation: 0.01)
    case .zeros: .zeros
    }
  }

  /// The initialiser of the bias that goes with a kernel or matrix.
  func bias(_ kernel: Shape) -> Initializer {
    switch self {
    case .kaimingNormal, .smallNormal, .zeros: .zeros
    case .torchDefault: .torchDefault(kernel)
    }
  }
}
