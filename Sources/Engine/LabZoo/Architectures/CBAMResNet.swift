import LabCore
import LabNN

/// The residual network for large images with convolutional block attention in every block.
///
/// Parameters as in timm's residual networks with that attention: `se.channel.fc1`, `se.channel.fc2`,
/// `se.spatial.conv.conv`, `se.spatial.conv.bn` in each block.
///
/// - Source: Woo et al., "CBAM: convolutional block attention module", ECCV 2018, arXiv 1807.06521.
public struct CBAMResNet: AttentionResNet {
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
    "cbam-resnet", "The residual network for large images with convolutional block attention in every block; width 64.",
    aliases: "cbam_resnet", [.eighteen, .thirtyFour, .fifty, .oneHundredOne])

  public var defaults: NetworkDefaults { NetworkDefaults(attention: CBAM()) }
}
