import Foundation
import LabCore
import LabGraph

/// The class-balanced focal loss: focal, times a factor of the label's class that is larger for rare classes.
///
/// The factor of class `c` with `n` training samples is `(1 − β) / (1 − βⁿ)`, normalised so that the factors add up to
/// the number of classes. A class without training samples has the factor 0.
///
/// - Source: Cui et al., "Class-balanced loss based on effective number of samples", CVPR 2019, arXiv 1901.05555.
public struct AdaptiveLoss: FusedLossFunction {
  /// How strongly counts matter: 0 weighs all classes alike, towards 1 by the inverse of their counts.
  public var beta: Double
  /// The factor of the whole loss.
  public var alpha: Double
  /// The exponent of the focus.
  public var gamma: Double

  /// Creates the loss.
  public init(beta: Double, alpha: Double, gamma: Double) {
    self.beta = beta
    self.alpha = alpha
    self.gamma = gamma
  }

  /// Creates the loss with β = 0.999 and the focal loss's α = 0.25, γ = 2.
  public init() { self.init(beta: 0.999, alpha: 0.25, gamma: 2) }

  public static let variant = ConfigurationSchema.Variant(
    "adaptive", "Class-balanced focal loss: rare classes count more.",
    options: ConfigurationSchema([
      .init(
        "beta", .number(.init(0, 1, includesMaximum: false)), default: .number(Self().beta),
        "How strongly class counts matter: 0 not at all, towards 1 by their inverse."),
      .init("alpha", .number(.positive), default: .number(Self().alpha), "The factor of the whole loss."),
      .init("gamma", .number(.nonNegative), default: .number(Self().gamma), "The exponent of the focus."),
    ]),
    aliases: ["class-balanced-focal": [:]])

  public var function: ClassificationLoss.Function { .focal(alpha: Float(alpha), gamma: Float(gamma)) }

  public func classWeights(counts: [Int]?) throws -> [Double]? {
    guard let counts, counts.contains(where: { $0 > 0 }), counts.allSatisfy({ $0 >= 0 }) else {
      throw ModelError.classCounts(
        loss: Self.variant.name, expected: "the number of training samples of each class",
        actual: counts.map { "\($0)" } ?? "none")
    }
    let weights = counts.map { $0 == 0 ? 0 : (1 - beta) / (1 - pow(beta, Double($0))) }
    let scale = Double(counts.count) / weights.reduce(0, +)
    return weights.map { $0 * scale }
  }
}
