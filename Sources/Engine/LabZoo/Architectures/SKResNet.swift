import LabCore
import LabGraph
import LabNN

/// The residual network for large images with selective kernels in the place of a block's first 3×3 convolution.
///
/// Parameters as in timm's `skresnet18`: `layer1.0.conv1.paths.0.conv`, …, `layer1.0.conv1.attn.fc_reduce`,
/// `layer1.0.conv2.conv`, `layer1.0.conv2.bn`, ….
///
/// - Source: Li et al., "Selective kernel networks", CVPR 2019, arXiv 1903.06586.
public struct SKResNet: Architecture {
  /// The number of layers.
  public var layers: ResidualNetwork.Layers
  /// The number of blocks of each stage; nil for that of the number of layers.
  public var blocks: [Int]?

  /// Creates the architecture.
  public init(layers: ResidualNetwork.Layers, blocks: [Int]? = nil) {
    self.layers = layers
    self.blocks = blocks
  }

  /// Creates the architecture with 18 layers.
  public init() { self.init(layers: .eighteen) }

  private static let known: [ResidualNetwork.Layers] = [.eighteen, .thirtyFour, .fifty]

  public static let variant = ConfigurationSchema.Variant(
    "sk-resnet", "The residual network for large images with selective kernels; width 64.",
    options: ConfigurationSchema([.layers(default: Self().layers), .blocks]),
    aliases: ConfigurationSchema.Variant.layerAliases("skresnet", known))

  public static let members = known.map { ZooMember.imagenet("skresnet\($0.rawValue)") }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "sk-resnet", "blocks": [1, 1]], "width": 2, "stem": "cifar"])

  public var defaults: NetworkDefaults {
    // timm's basic blocks reduce less than its bottlenecks.
    let block =
      layers.hasBottlenecks
      ? SelectiveKernel(reduction: 1 / 16, divisor: 8) : SelectiveKernel(reduction: 1 / 8, divisor: 16)
    return NetworkDefaults(attention: block)
  }

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth, except: layers.rawValue)
    return try ResidualNetwork(blocks: blocks ?? layers.blocks, hasBottlenecks: layers.hasBottlenecks, nestsNames: true)
      .logits(images, width: width, network: network)
  }
}
