import LabCore
import LabGraph
import LabNN

/// Half of the channels pass a block unchanged; a shuffle mixes both halves.
///
/// Parameters as in torchvision's `shufflenet_v2_x1_0`: `conv1.0`, `conv1.1`, `stage2.0.branch1.0`, …,
/// `stage2.0.branch2.0`, …, `conv5.0`, `conv5.1`, `fc`.
///
/// - Source: Ma et al., "ShuffleNet V2: practical guidelines for efficient CNN architecture design", ECCV 2018,
///   arXiv 1807.11164.
public struct ShuffleNetV2: Architecture {
  /// The sizes that the network comes in.
  public enum Size: String, Codable, Sendable, CaseIterable {
    case half = "x0_5"
    case one = "x1_0"
    case oneAndHalf = "x1_5"
    case two = "x2_0"

    /// The channels of the three stages and of the last convolution.
    var channels: [Int] {
      switch self {
      case .half: [48, 96, 192, 1024]
      case .one: [116, 232, 464, 1024]
      case .oneAndHalf: [176, 352, 704, 1024]
      case .two: [244, 488, 976, 2048]
      }
    }
  }

  /// The size.
  public var size: Size

  /// Creates the architecture.
  public init(size: Size) { self.size = size }

  /// Creates the architecture in the middle size.
  public init() { self.init(size: .one) }

  public static let variant = ConfigurationSchema.Variant(
    "shufflenet_v2", "Half of the channels pass a block unchanged, and a shuffle mixes both halves; width 24.",
    options: ConfigurationSchema([
      .init(
        "size", .choice(Size.allCases.map(\.rawValue)), default: .string(Self().size.rawValue),
        "The size: x0_5, x1_0, x1_5 or x2_0.")
    ]),
    aliases: Dictionary(
      uniqueKeysWithValues: Size.allCases.map { ("shufflenet_v2_\($0.rawValue)", ["size": .string($0.rawValue)]) }),
    revision: 1)

  public static let members = Size.allCases.map { ZooMember.imagenet("shufflenet_v2_\($0.rawValue)") }

  public static let miniature = ZooMember.miniature(
    ["architecture": "shufflenet_v2_x0_5", "width": 2, "stem": "cifar"])

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth)
    // Stages have even numbers of channels, for two halves of even numbers in turn.
    func scaled(_ channels: Int) -> Int { width.map { max(channels * $0 / 24 / 4 * 4, 4) } ?? channels }
    var x = try network.stem(
      images, UnitNames("conv1.0", "conv1.1"), default: .imagenet,
      Convolution(outputChannels: width ?? 24, kernelSize: 3, stride: 2),
      pooling: Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, padding: 1)))
    for (stage, count) in [4, 8, 4].enumerated() {
      let builder = network.stage(stage + 1)
      for index in 0..<count {
        x = try network.scope("stage\(stage + 2).\(index)") {
          try block(x, channels: scaled(size.channels[stage]), halves: index == 0, network: builder)
        }
      }
      if stage < 2 { x = try builder.transition(x) }
    }
    x = try network.unit(
      x, UnitNames("conv5.0", "conv5.1"), Convolution(outputChannels: scaled(size.channels[3]), kernelSize: 1))
    return try network.head(x)
  }

  private func block(_ x: Tensor, channels: Int, halves: Bool, network: NetworkBuilder) throws -> Tensor {
    let half = channels / 2
    func pointwise(_ x: Tensor, _ branch: String, _ index: Int) throws -> Tensor {
      try network.unit(
        x, UnitNames("\(branch).\(index)", "\(branch).\(index + 1)"),
        Convolution(outputChannels: half, kernelSize: 1))
    }
    func depthwise(_ x: Tensor, _ branch: String, _ index: Int) throws -> Tensor {
      try network.unit(
        x, UnitNames("\(branch).\(index)", "\(branch).\(index + 1)"),
        .depthwise(x.shape[1], kernelSize: 3, stride: halves ? 2 : 1), activates: false)
    }
    let parts = halves ? [x, x] : try x.channelParts(2)
    let passed = halves ? try pointwise(depthwise(parts[0], "branch1", 0), "branch1", 2) : parts[0]
    let inner = try depthwise(pointwise(parts[1], "branch2", 0), "branch2", 3)
    let changed = try network.attention(pointwise(inner, "branch2", 5))
    return try Tensor.concatenated([passed, changed]).shuffled(groups: 2)
  }
}
