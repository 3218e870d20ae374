import LabCore
import LabGraph
import LabNN

/// The residual network for large images with squeeze-and-excitation in every block.
///
/// Parameters as in timm's `seresnet50`: those of a residual network, and `se.fc1`, `se.fc2` in each block. The key
/// `attention` of a configuration puts another block in its place.
///
/// - Source: Hu, Shen, Sun, "Squeeze-and-excitation networks", CVPR 2018, arXiv 1709.01507.
public struct SEResNet: Architecture {
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

  public static let variant = ConfigurationSchema.Variant(
    "se-resnet", "The residual network for large images with squeeze-and-excitation in every block; width 64.",
    options: ConfigurationSchema([.layers(default: Self().layers), .blocks]),
    aliases: ConfigurationSchema.Variant.layerAliases("seresnet"))

  public static let members = ResidualNetwork.Layers.allCases.map { ZooMember.imagenet("seresnet\($0.rawValue)") }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "se-resnet", "blocks": [1, 1]], "width": 2, "stem": "cifar"])

  public var defaults: NetworkDefaults { NetworkDefaults(attention: SqueezeExcitation()) }

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth, except: layers.rawValue)
    return try ResidualNetwork(blocks: blocks ?? layers.blocks, hasBottlenecks: layers.hasBottlenecks)
      .logits(images, width: width, network: network)
  }
}
