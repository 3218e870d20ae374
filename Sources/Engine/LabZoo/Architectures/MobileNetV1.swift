import LabCore
import LabGraph
import LabNN

/// Depth-wise separable convolutions: a 3×3 convolution of each channel, and a 1×1 convolution across channels.
///
/// Parameters as in timm's `mobilenetv1_100`: `conv_stem`, `bn1`, `blocks.0.0.conv_dw`, `bn1`, `conv_pw`, `bn2`, …,
/// `classifier`. Channels are rounded to multiples of 8, or of the option `round_to`.
///
/// - Source: Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision applications",
///   arXiv 1704.04861.
public struct MobileNetV1: Architecture {
  /// The factor of all channels.
  public var multiplier: Double
  /// The number that channels are a multiple of.
  public var roundTo: Int

  /// Creates the architecture.
  public init(multiplier: Double, roundTo: Int = 8) {
    self.multiplier = multiplier
    self.roundTo = roundTo
  }

  /// Creates the architecture with the paper's channels.
  public init() { self.init(multiplier: 1) }

  enum CodingKeys: String, CodingKey {
    case multiplier
    case roundTo = "round_to"
  }

  public static let variant = ConfigurationSchema.Variant(
    "mobilenet_v1", "Depth-wise separable convolutions; width 32.",
    options: ConfigurationSchema([.multiplier(default: Self().multiplier), .roundTo(default: Self().roundTo)]),
    aliases: [
      "mobilenetv1_100": ["multiplier": 1], "mobilenetv1_075": ["multiplier": 0.75],
      "mobilenetv1_050": ["multiplier": 0.5], "mobilenetv1_025": ["multiplier": 0.25],
    ], revision: 1)

  public static let members = ["mobilenetv1_100", "mobilenetv1_075", "mobilenetv1_050", "mobilenetv1_025"].map {
    ZooMember.imagenet($0)
  }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "mobilenet_v1", "round_to": 1], "width": 1, "stem": "cifar"], extent: 32)

  public var defaults: NetworkDefaults { NetworkDefaults(activation: .relu6) }

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth)
    func scaled(_ channels: Int) -> Int {
      multiple(of: roundTo, near: Double(channels * (width ?? 32)) / 32 * multiplier)
    }
    var x = try network.stem(
      images, UnitNames("conv_stem", "bn1"), default: .imagenet,
      Convolution(outputChannels: scaled(32), kernelSize: 3, stride: 2))
    for (stage, (channels, count)) in [(64, 1), (128, 2), (256, 2), (512, 6), (1024, 2)].enumerated() {
      let builder = network.stage(stage + 1)
      for index in 0..<count {
        x = try network.scope("blocks.\(stage).\(index)") {
          let y = try builder.unit(
            x, UnitNames("conv_dw", "bn1"),
            .depthwise(x.shape[1], kernelSize: 3, stride: stage > 0 && index == 0 ? 2 : 1))
          return try builder.attention(
            builder.unit(
              y, UnitNames("conv_pw", "bn2"), Convolution(outputChannels: scaled(channels), kernelSize: 1)))
        }
      }
      if stage < 4 { x = try builder.transition(x) }
    }
    return try network.head(x, "classifier")
  }
}
