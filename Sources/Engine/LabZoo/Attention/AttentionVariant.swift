import LabCore
import LabGraph
import LabNN

/// An attention block that a configuration can put into a network.
///
/// A block is one file and one line in ``AttentionFamily/registry``. It is a ``FeatureAttention``, which refines the
/// features at the end of a block or between stages, or a ``ConvolutionAttention``, which takes the place of a
/// block's spatial convolutions.
public protocol AttentionVariant: ConfigurableComponent {
  /// The stages that have the block, counted from 1; nil for all.
  var stages: [Int]? { get }
}

/// Where a network applies an attention to features.
public enum FeatureAttentionSite: Sendable {
  /// At the end of a block's main path, in front of the addition.
  case block
  /// Between two stages.
  case transition
}

/// An attention that refines features and keeps their shape.
public protocol FeatureAttention: AttentionVariant {
  /// Where it is applied.
  var site: FeatureAttentionSite { get }

  /// The refined features `[N, C, H, W]`.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: the same.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  func refined(_ x: Tensor, network: NetworkBuilder) throws -> Tensor
}

/// An attention that takes the place of a spatial convolution with its normalisation and non-linearity.
public protocol ConvolutionAttention: AttentionVariant {
  /// The result `[N, O, H', W']` in the place of the convolution's.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, O, H′, W′]`, with O and the stride of the convolution.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  func convolved(_ x: Tensor, _ convolution: Convolution, network: NetworkBuilder) throws -> Tensor
}

/// The attention blocks that a configuration can name.
public enum AttentionFamily: ComponentFamily {
  public static let registry = Registry<any AttentionVariant>(
    "attentions",
    [
      SqueezeExcitation(),
      EfficientChannelAttention(),
      CBAM(),
      BAM(),
      SelectiveKernel(),
      SplitAttention(),
    ]
  ) { type(of: $0).registeredNames }
}

/// The configuration of an attention block: `"se"`, `{"name": "cbam", "stages": [3, 4]}`.
public typealias AttentionConfiguration = Selection<AttentionFamily>

extension ConfigurationSchema.Field {
  /// The stages that have an attention block.
  static let stages = Self(
    "stages", .optional(.array(.integer(1...64))), default: .null,
    "The stages that have the block, counted from 1; null for all.")

  /// The width of an attention's hidden layer.
  static func reduction(default value: Double) -> Self {
    .init(
      "reduction", .number(.init(0, 1, includesMinimum: false)), default: .number(value),
      "The width of the hidden layer as a share of the channels.")
  }

  /// What a hidden layer's width is rounded to.
  static func divisor(default value: Int) -> Self {
    .init("divisor", .integer(1...1024), default: .integer(value), "The number that the hidden width is a multiple of.")
  }
}

/// A width rounded to a multiple of a divisor, at least the divisor.
///
/// - Parameter share: the least share of the width that rounding may leave; MobileNets take 0.9, attentions 0.
func multiple(of divisor: Int, near width: Double, atLeast share: Double = 0.9) -> Int {
  let rounded = max(divisor, Int(width + Double(divisor) / 2) / divisor * divisor)
  return Double(rounded) < share * width ? rounded + divisor : rounded
}

extension Tensor {
  /// The features `[N, C, H, W]` with each channel multiplied by its weight `[N, C]`.
  func channelsScaled(by weights: Tensor) throws -> Tensor {
    try multiplied(by: weights.reshaped(to: [weights.shape[0], weights.shape[1], 1, 1]))
  }

  /// The largest value over some axes, which are removed.
  func maximum(_ axes: Int...) throws -> Tensor { try builder.apply(Reduction(.maximum, axes: axes), self) }

  /// Tensors one after the other along an axis.
  static func concatenated(_ tensors: [Tensor], axis: Int = 1) throws -> Tensor {
    tensors.count == 1 ? tensors[0] : try tensors[0].builder.apply(Concatenation(axis: axis), tensors)[0]
  }

  /// Equal parts of consecutive channels.
  func channelParts(_ count: Int) throws -> [Tensor] {
    let width = shape[1] / count
    return try (0..<count).map { try slice(axis: 1, start: $0 * width, count: width) }
  }
}
