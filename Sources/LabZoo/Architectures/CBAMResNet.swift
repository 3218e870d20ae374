import LabCore
import LabGraph
import LabNN

/// The residual network for large images with convolutional block attention in every block.
///
/// Parameters as in timm's residual networks with that attention: `se.channel.fc1`, `se.channel.fc2`,
/// `se.spatial.conv.conv`, `se.spatial.conv.bn` in each block.
///
/// - Source: Woo et al., "CBAM: convolutional block attention module", ECCV 2018, arXiv 1807.06521.
public struct CBAMResNet: Architecture {
  /// The number of layers.
  public var layers: ResidualNetwork.Layers
  /// The number of blocks of each stage; nil for that of the number of layers.
  public var blocks: [Int]?

  /// Creates the architecture.
  public init(layers: ResidualNetwork.Layers, blocks: [Int]? = nil) {
    self.layers = layers
    self.blocks = blocks
  }

  /// Creates the architecture with 50 layers.
  public init() { self.init(layers: .fifty) }

  private static let known: [ResidualNetwork.Layers] = [.eighteen, .thirtyFour, .fifty, .oneHundredOne]

  public static let variant = ConfigurationSchema.Variant(
    "cbam-resnet", "The residual network for large images with convolutional block attention in every block; width 64.",
    options: ConfigurationSchema([.layers(default: Self().layers), .blocks]),
    aliases: ConfigurationSchema.Variant.layerAliases("cbam_resnet", known))

  public static let members = known.map { ZooMember.imagenet("cbam_resnet\($0.rawValue)") }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "cbam-resnet", "blocks": [1, 1]], "width": 2, "stem": "cifar"])

  public var defaults: NetworkDefaults { NetworkDefaults(attention: CBAM()) }

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth, except: layers.rawValue)
    return try ResidualNetwork(blocks: blocks ?? layers.blocks, hasBottlenecks: layers.hasBottlenecks)
      .logits(images, width: width, network: network)
  }
}
