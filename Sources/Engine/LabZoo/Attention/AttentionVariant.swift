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
