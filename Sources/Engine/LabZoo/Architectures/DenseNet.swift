import LabCore
import LabGraph
import LabNN

/// The densely connected network for small images: three blocks of equally many layers.
///
/// The depth counts the stem, the layers' convolutions, the transitions and the head: `3n + 4`, with bottlenecks `6n + 4`,
/// which with a compression of a half is the paper's DenseNet-BC. The stem has 16 channels, that of a DenseNet-BC twice the
/// growth rate. Dropout is behind the layers' 3×3 convolutions. Parameters by torchvision's names: `features.conv0`,
/// `features.denseblock1.denselayer1.norm1`, `conv1`, `norm2`, `conv2`, …, `features.transition1.norm`, `conv`, …,
/// `features.norm4`, `classifier`.
///
/// - Source: Huang et al., "Densely connected convolutional networks", CVPR 2017, arXiv 1608.06993.
public struct DenseNet: Architecture {
  /// The channels that each layer adds.
  public var growthRate = 12
  /// Whether a 1×1 convolution in front of each 3×3 one reduces its input to four times the growth rate.
  public var hasBottlenecks = false
  /// The share of its channels that a transition keeps.
  public var compression = 1.0

  /// Creates the architecture without bottlenecks and compression, and with a growth rate of 12.
  public init() {}

  enum CodingKeys: String, CodingKey {
    case compression
    case growthRate = "growth_rate"
    case hasBottlenecks = "bottleneck"
  }

  public static let variant = ConfigurationSchema.Variant(
    "densenet",
    "The densely connected network for small images; depth 3n + 4, with bottlenecks 6n + 4 (default 40), width 16.",
    options: ConfigurationSchema([
      .growthRate(default: Self().growthRate), .bottleneck(default: Self().hasBottlenecks),
      .compression(default: Self().compression),
    ]),
    aliases: Dictionary(
      uniqueKeysWithValues: known.map { network in
        let options: [String: JSONValue] = ["growth_rate": .integer(network.growthRate)]
        return (
          network.name, network.isBC ? options.merging(["bottleneck": true, "compression": 0.5]) { $1 } : options
        )
      }),
    companions: ConfigurationSchema.Variant.depthCompanions(
      Dictionary(uniqueKeysWithValues: known.map { ($0.name, $0.depth) })))

  /// The paper's networks.
  private static let known: [(name: String, depth: Int, growthRate: Int, isBC: Bool)] =
    [(40, 12), (100, 12), (100, 24)].map { ("densenet-\($0)-\($1)", $0, $1, false) }
    + [(100, 12), (250, 24), (190, 40)].map { ("densenet-bc-\($0)-\($1)", $0, $1, true) }

  public static let members = known.map { ZooMember.cifar($0.name, ["architecture": .string($0.name)]) }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "densenet", "growth_rate": 2, "bottleneck": true, "compression": 0.5], "depth": 10])

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    let (depth, step) = (depth ?? 40, hasBottlenecks ? 6 : 3)
    guard depth > 4, (depth - 4) % step == 0 else {
      throw ModelError.option(
        subject: "depth",
        problem:
          "a densenet \(hasBottlenecks ? "with" : "without") bottlenecks has \(step)n + 4 layers, found \(depth); "
          + "nearest is \(max(1, Int((Double(depth - 4) / Double(step)).rounded())) * step + 4)")
    }
    let isBC = hasBottlenecks && compression < 1
    let stem = try network.stem(
      images, UnitNames("features.conv0", "features.norm0"), default: .cifar,
      Convolution(outputChannels: width ?? (isBC ? 2 * growthRate : 16), kernelSize: 7, stride: 2),
      pooling: Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, padding: 1)), activates: false)
    return try DenseNetwork(
      layers: [Int](repeating: (depth - 4) / step, count: 3), growthRate: growthRate, hasBottlenecks: hasBottlenecks,
      compression: compression
    ).logits(stem, network: network)
  }
}
