import LabCore
import LabGraph
import LabNN

/// The residual network for large images with split attention in the place of the 3×3 convolutions.
///
/// With ResNet-D's changes: a stem of three 3×3 convolutions, poolings that halve the resolution in blocks and
/// shortcuts. Parameters as in timm's `resnest14d`: `conv1.0`, `conv1.1`, …, `bn1`, `layer1.0.conv2.conv`,
/// `layer1.0.conv2.bn0`, `fc1`, `bn1`, `fc2`, ….
///
/// - Source: Zhang et al., "ResNeSt: split-attention networks", CVPRW 2022, arXiv 2004.08955.
public struct ResNeSt: Architecture {
  /// The number of layers: 14, 26, 50 or 101.
  public var layers: Int
  /// The channels of the stem's first convolutions, where the first stage has 64.
  public var stemWidth: Int
  /// The number of groups of the 3×3 convolutions.
  public var groups: Int

  /// Creates the architecture.
  public init(layers: Int, stemWidth: Int = 32, groups: Int = 1) {
    self.layers = layers
    self.stemWidth = stemWidth
    self.groups = groups
  }

  /// Creates the architecture with 50 layers.
  public init() { self.init(layers: 50) }

  enum CodingKeys: String, CodingKey {
    case layers, groups
    case stemWidth = "stem_width"
  }

  public static let variant = ConfigurationSchema.Variant(
    "resnest", "The residual network for large images with split attention; width 64.",
    options: ConfigurationSchema([
      .init("layers", .integer(8...101), default: .integer(Self().layers), "The number of layers: 8, 14, 26, 50, 101."),
      .init(
        "stem_width", .integer(1...1024), default: .integer(Self().stemWidth),
        "The channels of the stem's first convolutions, where the first stage has 64."),
      .init(
        "groups", .integer(1...64), default: .integer(Self().groups), revision: 1,
        "The number of groups of the 3×3 convolutions."),
    ]),
    aliases: [
      "resnest14d": ["layers": 14], "resnest26d": ["layers": 26], "resnest50d": ["layers": 50],
      "resnest101e": ["layers": 101, "stem_width": 64],
    ])

  public static let members = ["resnest14d", "resnest26d", "resnest50d", "resnest101e"].map { ZooMember.imagenet($0) }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "resnest", "layers": 8], "width": 4, "stem": "cifar"])

  public var defaults: NetworkDefaults { NetworkDefaults(attention: SplitAttention()) }

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth, except: layers)
    let blocks = [
      8: [1, 1], 14: [1, 1, 1, 1], 26: [2, 2, 2, 2], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3],
    ]
    guard let count = blocks[layers] else {
      throw ModelError.option(
        subject: "layers", problem: "a resnest has 8, 14, 26, 50 or 101 layers, found \(layers)")
    }
    return try ResidualNetwork(
      blocks: count, hasBottlenecks: true, groups: groups, poolsResolution: true, deepStemWidth: stemWidth
    ).logits(images, width: width, network: network)
  }
}
