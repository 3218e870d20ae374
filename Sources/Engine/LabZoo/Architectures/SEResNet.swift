import LabCore
import LabNN

/// The residual network for large images with squeeze-and-excitation in every block.
///
/// Parameters as in timm's `seresnet50`: those of a residual network, and `se.fc1`, `se.fc2` in each block.
///
/// - Source: Hu, Shen, Sun, "Squeeze-and-excitation networks", CVPR 2018, arXiv 1709.01507.
public struct SEResNet: AttentionResNet {
  /// The number of layers.
  public var layers: ResidualNetwork.Layers
  /// The number of blocks of each stage; nil for that of the number of layers.
  public var blocks: [Int]?

  /// Creates the architecture.
  public init(layers: ResidualNetwork.Layers, blocks: [Int]?) {
    self.layers = layers
    self.blocks = blocks
  }

  public static let variant = attentionVariant(
    "se-resnet", "The residual network for large images with squeeze-and-excitation in every block; width 64.",
    aliases: "seresnet")

  public var defaults: NetworkDefaults { NetworkDefaults(attention: SqueezeExcitation()) }
}
