import LabCore
import LabGraph
import LabNN

/// Inverted residuals: narrow features between blocks, wide depth-wise convolutions inside.
///
/// Parameters as in torchvision's `mobilenet_v2`: `features.0.0`, `features.0.1`, `features.1.conv.0.0`, …,
/// `features.18.0`, `classifier.1`; weights by timm's names fit as well. Channels are rounded to multiples of 8, or of the option `round_to`. The stem `cifar`
/// halves the resolution neither in the first convolution nor in the second stage, as is usual for images of 32 pixels.
///
/// - Source: Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks", CVPR 2018, arXiv 1801.04381.
public struct MobileNetV2: Architecture {
  /// The factor of all channels; that of the last convolution is at least 1.
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
    "mobilenet_v2", "Inverted residuals with depth-wise convolutions; width 32.",
    options: ConfigurationSchema([.multiplier(default: Self().multiplier), .roundTo(default: Self().roundTo)]),
    aliases: [
      "mobilenetv2_100": ["multiplier": 1], "mobilenetv2_075": ["multiplier": 0.75],
      "mobilenetv2_050": ["multiplier": 0.5],
    ], revision: 1)

  public static let members =
    [ZooMember.imagenet("mobilenet_v2")] + ["mobilenetv2_075", "mobilenetv2_050"].map { ZooMember.imagenet($0) }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "mobilenet_v2", "round_to": 1], "width": 2, "stem": "cifar"])

  public var defaults: NetworkDefaults { NetworkDefaults(activation: .relu6, dropout: 0.2) }

  /// The stages: expansion, channels, blocks, stride of the first block.
  static let stages: [(expansion: Int, channels: Int, count: Int, stride: Int)] = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
  ]

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth)
    let scale = Double(width ?? 32) / 32
    func scaled(_ channels: Int) -> Int { multiple(of: roundTo, near: Double(channels) * multiplier * scale) }
    let isSmall = network.stem(.imagenet) == .cifar
    var x = try network.stem(
      images, UnitNames("features.0.0", "features.0.1"), default: .imagenet,
      Convolution(outputChannels: scaled(32), kernelSize: 3, stride: 2))
    var number = 1
    for (stage, (expansion, channels, count, stride)) in Self.stages.enumerated() {
      let builder = network.stage(stage + 1)
      for index in 0..<count {
        let halves = index == 0 && stride == 2 && !(isSmall && stage == 1)
        x = try network.scope("features.\(number).conv") {
          try block(x, channels: scaled(channels), expansion: expansion, halves: halves, network: builder)
        }
        number += 1
      }
      if stage < Self.stages.count - 1 { x = try network.scope("features") { try builder.transition(x) } }
    }
    // The last convolution is not narrowed below the paper's, as a multiplier would mean to.
    let last = multiple(of: roundTo, near: 1280 * scale * max(multiplier, 1))
    x = try network.unit(
      x, UnitNames("features.18.0", "features.18.1"), Convolution(outputChannels: last, kernelSize: 1))
    return try network.head(x, "classifier.1", initialization: .smallNormal)
  }

  private func block(
    _ x: Tensor, channels: Int, expansion: Int, halves: Bool, network: NetworkBuilder
  ) throws -> Tensor {
    var y = x
    var index = 0
    if expansion > 1 {
      y = try network.unit(
        y, UnitNames("0.0", "0.1"), Convolution(outputChannels: x.shape[1] * expansion, kernelSize: 1))
      index = 1
    }
    y = try network.unit(
      y, UnitNames("\(index).0", "\(index).1"), .depthwise(y.shape[1], kernelSize: 3, stride: halves ? 2 : 1))
    y = try network.unit(
      y, UnitNames("\(index + 1)", "\(index + 2)"), Convolution(outputChannels: channels, kernelSize: 1),
      activates: false)
    y = try network.attention(y)
    return network.context.block(x, !halves && x.shape[1] == channels ? try y.adding(x) : y)
  }
}
