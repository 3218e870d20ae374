import LabCore
import LabGraph

/// Normalisation over groups of a sample's channels, independent of the batch; parameters `weight` and `bias`.
///
/// ## Shapes
/// - `x`: `[N, C, H, W]` or `[N, C]` with `C` divisible by the number of groups; result alike.
/// - Source: Wu, He, "Group normalization", ECCV 2018, arXiv 1803.08494.
public struct GroupNorm: NormalizationLayer {
  /// The number of groups of channels.
  public var groups: Int
  /// Added to the variance.
  public var epsilon: Double

  /// Creates the layer.
  public init(groups: Int, epsilon: Double = 1e-5) {
    self.groups = groups
    self.epsilon = epsilon
  }

  /// Creates the layer with 8 groups, which divide the 16 channels that small networks start with.
  public init() { self.init(groups: 8) }

  public static let variant = ConfigurationSchema.Variant(
    "group", "Group normalisation: no dependence on the batch.",
    options: ConfigurationSchema([
      .init("groups", .integer(1...4096), default: .integer(Self().groups), "The number of groups of channels."),
      .init("epsilon", .number(.positive), default: .number(Self().epsilon), "Added to the variance."),
    ]))

  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    guard x.shape.rank == 4 || x.shape.rank == 2, groups > 0, x.shape[1] % groups == 0 else {
      throw GraphError.shape(
        operation: GroupNormalization.name, path: context.builder.path,
        expected: "an image [N, C, H, W] whose channels divide by \(groups) groups", actual: x.type.description)
    }
    let channels = x.shape[1]
    let scale = try context.parameter("weight", [channels], .ones, category: .normalization)
    let shift = try context.parameter("bias", [channels], .zeros, category: .normalization)
    let image = try x.shape.rank == 4 ? x : x.reshaped(to: [x.shape[0], channels, 1, 1])
    return try x.builder.apply(GroupNormalization(groups: groups, epsilon: Float(epsilon)), image, scale, shift)
      .reshaped(to: x.shape)
  }
}
