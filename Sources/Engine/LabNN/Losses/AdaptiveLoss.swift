import Foundation
import LabCore
import LabGraph

/// The class-balanced focal loss: focal, times a factor of the label's class that is larger for rare classes.
///
/// The factor of class `c` with `n` training samples is `(1 − β) / (1 − βⁿ)`, normalised so that the factors add up to
/// the number of classes. A class without training samples has the factor 0. Either of the two parts can be left out:
/// without its focus it is class-balanced cross entropy, without its balance the focal loss.
///
/// - Source: Cui et al., "Class-balanced loss based on effective number of samples", CVPR 2019, arXiv 1901.05555.
public struct AdaptiveLoss: FusedLossFunction {
  /// How strongly counts matter: 0 weighs all classes alike, towards 1 by the inverse of their counts.
  public var beta: Double
  /// The factor of the whole loss.
  public var alpha: Double
  /// The exponent of the focus.
  public var gamma: Double
  /// Whether samples that are classified well count less.
  public var isFocal = true
  /// Whether rare classes count more.
  public var isBalanced = true
  /// Whether the factors of the classes add up to the number of classes.
  public var normalizesWeights = true

  /// Creates the loss.
  public init(beta: Double, alpha: Double, gamma: Double) {
    self.beta = beta
    self.alpha = alpha
    self.gamma = gamma
  }

  /// Creates the loss with β = 0.999 and the focal loss's α = 0.25, γ = 2.
  public init() { self.init(beta: 0.999, alpha: 0.25, gamma: 2) }

  enum CodingKeys: String, CodingKey {
    case beta, alpha, gamma
    case isFocal = "focal"
    case isBalanced = "class_balance"
    case normalizesWeights = "normalize_weights"
  }

  public static let variant = ConfigurationSchema.Variant(
    "adaptive", "Class-balanced focal loss: rare classes count more.",
    options: ConfigurationSchema([
      ConfigurationSchema.Field(
        "beta", .number(.init(0, 1, includesMaximum: false)), default: .number(Self().beta),
        "How strongly class counts matter: 0 not at all, towards 1 by their inverse."
      ).compared([0.9, 0.99, 0.999, 0.9999]),
      ConfigurationSchema.Field(
        "alpha", .number(.positive), default: .number(Self().alpha), "The factor of the whole loss."
      ).compared([0.25, 0.5, 1]),
      ConfigurationSchema.Field(
        "gamma", .number(.nonNegative), default: .number(Self().gamma), "The exponent of the focus."
      ).compared([0.5, 1, 2, 5]),
      ConfigurationSchema.Field(
        "focal", .boolean, default: true, "Whether samples that are classified well count less."
      ).compared(off: false),
      ConfigurationSchema.Field(
        "class_balance", .boolean, default: true, "Whether rare classes count more."
      ).compared(off: false),
      .init(
        "normalize_weights", .boolean, default: true,
        "Whether the factors of the classes add up to the number of classes; without, they are those of the paper's formula."
      ),
    ]),
    aliases: ["class-balanced-focal": [:]])

  public var function: ClassificationLoss.Function {
    .focal(alpha: Float(alpha), gamma: isFocal ? Float(gamma) : 0)
  }

  public func classWeights(counts: [Int]?) throws -> [Double]? {
    try check()
    guard isBalanced else { return nil }
    guard let counts, counts.contains(where: { $0 > 0 }), counts.allSatisfy({ $0 >= 0 }) else {
      throw ModelError.classCounts(
        loss: Self.variant.name, expected: "the number of training samples of each class",
        actual: counts.map { "\($0)" } ?? "none")
    }
    let weights = counts.map { $0 == 0 ? 0 : (1 - beta) / (1 - pow(beta, Double($0))) }
    let scale = normalizesWeights ? Double(counts.count) / weights.reduce(0, +) : 1
    return weights.map { $0 * scale }
  }

  /// - Throws: ``ModelError/option(subject:problem:)`` for options that have no effect.
  private func check() throws {
    let standard = Self()
    if !isFocal, gamma != standard.gamma {
      throw ModelError.option(
        subject: "loss.gamma", problem: "there is no focus for it (\"focal\": false); leave it out")
    }
    for (key, isSet) in [("beta", beta != standard.beta), ("normalize_weights", !normalizesWeights)]
    where isSet && !isBalanced {
      throw ModelError.option(
        subject: "loss.\(key)", problem: "classes are not balanced (\"class_balance\": false); leave it out")
    }
  }
}
