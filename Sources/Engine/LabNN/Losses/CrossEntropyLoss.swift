import LabCore
import LabGraph

/// `−log p` of the label's class.
public struct CrossEntropyLoss: FusedLossFunction {
  /// The share of the target that is spread evenly over all classes.
  public var labelSmoothing: Double

  /// Creates the loss.
  public init(labelSmoothing: Double) { self.labelSmoothing = labelSmoothing }

  /// Creates the loss without smoothing.
  public init() { self.init(labelSmoothing: 0) }

  enum CodingKeys: String, CodingKey {
    case labelSmoothing = "label_smoothing"
  }

  public static let variant = ConfigurationSchema.Variant(
    "cross-entropy", "Cross entropy.",
    options: ConfigurationSchema([
      .init(
        "label_smoothing", .number(.init(0, 1, includesMaximum: false)), default: .number(Self().labelSmoothing),
        "The share of the target that is spread evenly over all classes.")
    ]))

  public var function: ClassificationLoss.Function { .crossEntropy(labelSmoothing: Float(labelSmoothing)) }
}
