import LabCore
import LabGraph
import LabNN

/// The residual network for large images with bottleneck attention between its stages.
///
/// Parameters as in torchvision's residual networks, and `bam1`, `bam2`, `bam3` as in the authors' code.
///
/// - Source: Park et al., "BAM: bottleneck attention module", BMVC 2018, arXiv 1807.06514.
public struct BAMResNet: Architecture {
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
    "bam-resnet", "The residual network for large images with bottleneck attention between its stages; width 64.",
    options: ConfigurationSchema([.layers(default: Self().layers), .blocks]),
    aliases: ConfigurationSchema.Variant.layerAliases("bam_resnet", known))

  public static let members = known.map { ZooMember.imagenet("bam_resnet\($0.rawValue)") }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "bam-resnet", "blocks": [1, 1]], "width": 2, "stem": "cifar"])

  public var defaults: NetworkDefaults { NetworkDefaults(attention: BAM()) }

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth, except: layers.rawValue)
    return try ResidualNetwork(blocks: blocks ?? layers.blocks, hasBottlenecks: layers.hasBottlenecks)
      .logits(images, width: width, network: network)
  }
}
