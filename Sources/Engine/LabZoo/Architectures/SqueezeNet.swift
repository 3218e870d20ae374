import LabCore
import LabGraph
import LabNN

/// Fire modules: a 1×1 convolution that squeezes the channels, and a 1×1 and a 3×3 convolution that expand them.
///
/// Parameters as in torchvision's `squeezenet1_0` and `squeezenet1_1`: weight and bias of `features.0`,
/// `features.3.squeeze`, `features.3.expand1x1`, `features.3.expand3x3`, …, `classifier.1`. All widths follow that of the
/// first convolution.
///
/// - Source: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", arXiv 1602.07360.
public struct SqueezeNet: Architecture {
  /// The versions.
  public enum Version: String, Codable, Sendable, CaseIterable {
    case original = "1.0"
    case light = "1.1"
  }

  /// The version: 1.0 as in the paper, 1.1 with 2.4 times fewer multiply-adds.
  public var version: Version

  /// Creates the architecture.
  public init(version: Version) { self.version = version }

  /// Creates the paper's version.
  public init() { self.init(version: .original) }

  public static let variant = ConfigurationSchema.Variant(
    "squeezenet", "Fire modules that squeeze and expand the channels; width 96 (1.0) or 64 (1.1).",
    options: ConfigurationSchema([
      .init(
        "version", .choice(Version.allCases.map(\.rawValue)), default: .string(Self().version.rawValue),
        "The version: 1.0 as in the paper, 1.1 with fewer multiply-adds.")
    ]),
    aliases: ["squeezenet1_0": ["version": "1.0"], "squeezenet1_1": ["version": "1.1"]])

  public static let members = ["squeezenet1_0", "squeezenet1_1"].map { ZooMember.imagenet($0) }

  public static let miniature = ZooMember.miniature(
    ["architecture": "squeezenet1_1", "width": 16, "stem": "cifar"], extent: 32)

  public var defaults: NetworkDefaults { NetworkDefaults(normalization: nil, dropout: 0.5) }

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth)
    let isOriginal = version == .original
    let own = isOriginal ? 96 : 64
    func scaled(_ channels: Int) -> Int { max(channels * (width ?? own) / own, 1) }
    let first = Convolution(
      outputChannels: scaled(own), kernelSize: Extent2D(isOriginal ? 7 : 3),
      geometry: ConvolutionGeometry(stride: 2, padding: 0), hasBias: true, initialization: .torchDefault)
    let pooling = Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, roundsUp: true))
    var x = try network.stem(
      images, UnitNames("features.0", "features.0.norm"), default: .imagenet, first, pooling: pooling)
    // The squeezed channels of each module; the expanded are eight times as many.
    let stages = isOriginal ? [[16, 16, 32], [32, 48, 48, 64], [64]] : [[16, 16], [32, 32], [48, 48, 64, 64]]
    var index = 3
    for (stage, modules) in stages.enumerated() {
      let builder = network.stage(stage + 1)
      for squeezed in modules {
        x = try network.scope("features.\(index)") {
          try builder.attention(fire(x, squeezed: scaled(squeezed), expanded: scaled(4 * squeezed), network: builder))
        }
        index += 1
      }
      guard stage < stages.count - 1 else { break }
      x = try builder.pooling(builder.transition(x), "features.\(index)", pooling)
      index += 1
    }
    x = try network.dropout(network.fusion(x), "classifier.0")
    let last = Convolution(
      outputChannels: network.classCount, kernelSize: 1, hasBias: true, initialization: .smallNormal)
    let maps = try network.context.tagged("head") { try last(x, "classifier.1", in: network.context) }
    return try GlobalAveragePool()(network.activation(maps), in: network.context)
  }

  private func fire(_ x: Tensor, squeezed: Int, expanded: Int, network: NetworkBuilder) throws -> Tensor {
    func unit(_ x: Tensor, _ name: String, _ channels: Int, _ size: Int) throws -> Tensor {
      try network.unit(
        x, UnitNames(name, "\(name).norm"),
        Convolution(outputChannels: channels, kernelSize: size, hasBias: true, initialization: .torchDefault))
    }
    let y = try unit(x, "squeeze", squeezed, 1)
    return try .concatenated([unit(y, "expand1x1", expanded, 1), unit(y, "expand3x3", expanded, 3)])
  }
}
