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
  /// The numbers of layers that the network comes in.
  public enum Layers: Int, Codable, Sendable, CaseIterable {
    case eighteen = 18
    case thirtyFour = 34
    case fifty = 50
    case oneHundredOne = 101
    case oneHundredFiftyTwo = 152

    /// The number of blocks of each stage.
    var blocks: [Int] {
      switch self {
      case .eighteen: [2, 2, 2, 2]
      case .thirtyFour, .fifty: [3, 4, 6, 3]
      case .oneHundredOne: [3, 4, 23, 3]
      case .oneHundredFiftyTwo: [3, 8, 36, 3]
      }
    }

    /// Whether blocks are bottlenecks.
    var hasBottlenecks: Bool { rawValue >= 50 }
  }

  /// The convolution of a bottleneck that halves the resolution.
  public enum StrideIn: String, Codable, Sendable, CaseIterable {
    case middle = "3x3"
    case first = "1x1"
  }

  /// The number of layers.
  public var layers: Layers
  /// The convolution of a bottleneck that halves the resolution.
  public var strideIn: StrideIn

  /// Creates the architecture.
  public init(layers: Layers, strideIn: StrideIn = .middle) {
    self.layers = layers
    self.strideIn = strideIn
  }

  /// Creates the architecture with 50 layers.
  public init() { self.init(layers: .fifty) }

  enum CodingKeys: String, CodingKey {
    case layers
    case strideIn = "stride_in"
  }

  public static let variant = ConfigurationSchema.Variant(
    "imagenet-resnet", "The residual network for large images; width 64.",
    options: ConfigurationSchema([
      .init(
        "layers", .integer(18...152), default: .integer(Self().layers.rawValue),
        "The number of layers: 18, 34, 50, 101 or 152."),
      .init(
        "stride_in", .choice(StrideIn.allCases.map(\.rawValue)), default: .string(Self().strideIn.rawValue),
        "The convolution of a bottleneck that halves the resolution: 3x3 as in torchvision, 1x1 as in the paper."),
    ]),
    aliases: Dictionary(
      uniqueKeysWithValues: Layers.allCases.map { ("resnet\($0.rawValue)", ["layers": .integer($0.rawValue)]) }))

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let count = try container.decode(Int.self, forKey: .layers)
    guard let layers = Layers(rawValue: count) else {
      throw ModelError.option(
        subject: "layers",
        problem: "an imagenet-resnet has \(Layers.allCases.map { "\($0.rawValue)" }.joined(separator: ", ")) layers, "
          + "found \(count)")
    }
    self.init(layers: layers, strideIn: try container.decode(StrideIn.self, forKey: .strideIn))
  }

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    guard depth == nil || depth == layers.rawValue else {
      throw ModelError.option(
        subject: "depth", problem: "the architecture has \(layers.rawValue) layers; choose another by its name")
    }
    let width = width ?? 64
    var x = try network.stem(images, default: .imagenet, channels: width)
    for (stage, count) in layers.blocks.enumerated() {
      for index in 0..<count {
        x = try network.scope("layer\(stage + 1)") {
          try network.scope("\(index)") {
            let channels = width << stage
            let halves = stage > 0 && index == 0
            return layers.hasBottlenecks
              ? try BottleneckBlock(channels: channels, halves: halves, halvesAtFirst: strideIn == .first)(
                x, network: network)
              : try BasicBlock(channels: channels, halves: halves)(x, network: network)
          }
        }
      }
    }
    return try network.head(x)
  }
}
