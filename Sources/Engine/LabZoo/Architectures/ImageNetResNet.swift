import LabCore
import LabGraph
import LabNN

/// The residual network for large images: four stages of basic or bottleneck blocks.
///
/// Parameters as in torchvision, with the stride in the 3×3 convolution of a bottleneck ("v1.5") unless the option
/// `stride_in` says otherwise; the paper has it in the first 1×1.
///
/// - Source: He et al., "Deep residual learning for image recognition", CVPR 2016, arXiv 1512.03385.
public struct ImageNetResNet: Architecture {
  /// The convolution of a bottleneck that halves the resolution.
  public enum StrideIn: String, Codable, Sendable, CaseIterable {
    case middle = "3x3"
    case first = "1x1"
  }

  /// The number of layers.
  public var layers: ResidualNetwork.Layers
  /// The number of blocks of each stage; nil for that of the number of layers.
  public var blocks: [Int]?
  /// The convolution of a bottleneck that halves the resolution.
  public var strideIn: StrideIn

  /// Creates the architecture.
  public init(layers: ResidualNetwork.Layers, blocks: [Int]? = nil, strideIn: StrideIn = .middle) {
    self.layers = layers
    self.blocks = blocks
    self.strideIn = strideIn
  }

  /// Creates the architecture with 50 layers.
  public init() { self.init(layers: .fifty) }

  enum CodingKeys: String, CodingKey {
    case layers, blocks
    case strideIn = "stride_in"
  }

  public static let variant = ConfigurationSchema.Variant(
    "imagenet-resnet", "The residual network for large images; width 64.",
    options: ConfigurationSchema([
      .layers(default: Self().layers), .blocks,
      .init(
        "stride_in", .choice(StrideIn.allCases.map(\.rawValue)), default: .string(Self().strideIn.rawValue),
        "The convolution of a bottleneck that halves the resolution: 3x3 as in torchvision, 1x1 as in the paper."),
    ]),
    aliases: ConfigurationSchema.Variant.layerAliases("resnet"))

  public static let members = ResidualNetwork.Layers.allCases.map { ZooMember.imagenet("resnet\($0.rawValue)") }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "resnet50", "blocks": [1, 1]], "width": 2, "stem": "cifar"])

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth, except: layers.rawValue)
    return try ResidualNetwork(
      blocks: blocks ?? layers.blocks, hasBottlenecks: layers.hasBottlenecks, halvesAtFirst: strideIn == .first
    ).logits(images, width: width, network: network)
  }
}
