import LabCore
import LabGraph

/// Cross entropy times `α (1 − p)^γ`: what is classified well counts less.
///
/// - Source: Lin et al., "Focal loss for dense object detection", ICCV 2017, arXiv 1708.02002.
public struct FocalLoss: FusedLossFunction {
  /// The factor of the whole loss.
  public var alpha: Double
  /// The exponent of the focus; 0 gives cross entropy.
  public var gamma: Double

  /// Creates the loss.
  public init(alpha: Double, gamma: Double) {
    self.alpha = alpha
    self.gamma = gamma
  }

  /// Creates the loss with the paper's α = 0.25, γ = 2.
  public init() { self.init(alpha: 0.25, gamma: 2) }

  public static let variant = ConfigurationSchema.Variant(
    "focal", "Focal loss: samples that are classified well count less.",
    options: ConfigurationSchema([
      .init("alpha", .number(.positive), default: .number(Self().alpha), "The factor of the whole loss."),
      .init(
        "gamma", .number(.nonNegative), default: .number(Self().gamma),
        "The exponent of the focus; 0 gives cross entropy."),
    ]))

  public var function: ClassificationLoss.Function { .focal(alpha: Float(alpha), gamma: Float(gamma)) }
}
