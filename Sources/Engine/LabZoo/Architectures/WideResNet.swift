import LabCore
import LabGraph
import LabNN

/// The residual network for large images whose bottlenecks' inner convolutions have twice the channels.
///
/// Parameters as in torchvision's `wide_resnet50_2`.
///
/// - Source: Zagoruyko, Komodakis, "Wide residual networks", BMVC 2016, arXiv 1605.07146.
public struct WideResNet: Architecture {
  /// The number of layers.
  public var layers: ResidualNetwork.Layers
  /// The number of blocks of each stage; nil for that of the number of layers.
  public var blocks: [Int]?
  /// The factor of the inner channels.
  public var widening: Double

  /// Creates the architecture.
  public init(layers: ResidualNetwork.Layers, blocks: [Int]? = nil, widening: Double = 2) {
    self.layers = layers
    self.blocks = blocks
    self.widening = widening
  }

  /// Creates the architecture with 50 layers and twice the inner channels.
  public init() { self.init(layers: .fifty) }

  public static let variant = ConfigurationSchema.Variant(
    "wide-resnet", "The residual network for large images with more channels inside its bottlenecks; width 64.",
    options: ConfigurationSchema([
      .layers(from: .fifty, default: Self().layers), .blocks,
      .init(
        "widening", .number(.init(0.125, 64)), default: .number(Self().widening), "The factor of the inner channels."),
    ]),
    aliases: [
      "wide_resnet50_2": ["layers": 50, "widening": 2], "wide_resnet101_2": ["layers": 101, "widening": 2],
    ])

  public static let members = ["wide_resnet50_2", "wide_resnet101_2"].map { ZooMember.imagenet($0) }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "wide-resnet", "blocks": [1, 1]], "width": 2, "stem": "cifar"])

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth, except: layers.rawValue)
    return try ResidualNetwork(
      blocks: blocks ?? layers.blocks, hasBottlenecks: true, groupWidth: Int(64 * widening)
    ).logits(images, width: width, network: network)
  }
}
