import LabCore
import LabGraph
import LabNN

/// The residual network whose bottlenecks' 3×3 convolutions have many narrow groups.
///
/// Parameters as in torchvision's `resnext50_32x4d`.
///
/// - Source: Xie et al., "Aggregated residual transformations for deep neural networks", CVPR 2017, arXiv 1611.05431.
public struct ResNeXt: Architecture {
  /// The number of layers.
  public var layers: ResidualNetwork.Layers
  /// The number of blocks of each stage; nil for that of the number of layers.
  public var blocks: [Int]?
  /// The number of groups.
  public var groups: Int
  /// The channels of a group in the first stage, where that has 64 channels.
  public var groupWidth: Int

  /// Creates the architecture.
  public init(layers: ResidualNetwork.Layers, blocks: [Int]? = nil, groups: Int = 32, groupWidth: Int = 4) {
    self.layers = layers
    self.blocks = blocks
    self.groups = groups
    self.groupWidth = groupWidth
  }

  /// Creates the architecture with 50 layers and 32 groups of 4 channels.
  public init() { self.init(layers: .fifty) }

  enum CodingKeys: String, CodingKey {
    case layers, blocks, groups
    case groupWidth = "group_width"
  }

  public static let variant = ConfigurationSchema.Variant(
    "resnext", "The residual network with many narrow groups in its 3×3 convolutions; width 64.",
    options: ConfigurationSchema([
      .layers(from: .fifty, default: Self().layers), .blocks,
      .init("groups", .integer(1...1024), default: .integer(Self().groups), "The number of groups."),
      .init(
        "group_width", .integer(1...1024), default: .integer(Self().groupWidth),
        "The channels of a group in the first stage, where that has 64 channels."),
    ]),
    aliases: [
      "resnext50_32x4d": ["layers": 50, "groups": 32, "group_width": 4],
      "resnext101_32x8d": ["layers": 101, "groups": 32, "group_width": 8],
      "resnext101_64x4d": ["layers": 101, "groups": 64, "group_width": 4],
    ], revision: 1)

  public static let members = ["resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d"].map {
    ZooMember.imagenet($0)
  }

  public static let miniature = ZooMember.miniature(
    [
      "architecture": ["name": "resnext", "blocks": [1, 1], "groups": 2, "group_width": 64], "width": 2,
      "stem": "cifar",
    ])

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth, except: layers.rawValue)
    return try ResidualNetwork(
      blocks: blocks ?? layers.blocks, hasBottlenecks: true, groups: groups, groupWidth: groupWidth
    ).logits(images, width: width, network: network)
  }
}
