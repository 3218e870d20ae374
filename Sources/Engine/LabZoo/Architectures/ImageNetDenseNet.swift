import LabCore
import LabGraph
import LabNN

/// The densely connected network for large images: four blocks of layers with bottlenecks.
///
/// Parameters as in torchvision's `densenet121`: `features.conv0`, `features.norm0`,
/// `features.denseblock1.denselayer1.norm1`, `conv1`, `norm2`, `conv2`, …, `features.transition1.norm`, `conv`, …,
/// `features.norm5`, `classifier`; the names of torchvision's files of weights, `norm.1` and `conv.1`, fit as well. The
/// stem has twice the channels of the growth rate. Dropout is behind the layers' 3×3 convolutions.
///
/// - Source: Huang et al., "Densely connected convolutional networks", CVPR 2017, arXiv 1608.06993.
public struct ImageNetDenseNet: Architecture {
  /// The numbers of layers that the network comes in.
  public enum Layers: Int, Codable, Sendable, CaseIterable {
    case oneHundredTwentyOne = 121
    case oneHundredSixtyOne = 161
    case oneHundredSixtyNine = 169
    case twoHundredOne = 201

    /// The number of layers of each block.
    var blocks: [Int] {
      switch self {
      case .oneHundredTwentyOne: [6, 12, 24, 16]
      case .oneHundredSixtyOne: [6, 12, 36, 24]
      case .oneHundredSixtyNine: [6, 12, 32, 32]
      case .twoHundredOne: [6, 12, 48, 32]
      }
    }

    /// Reads a number of layers.
    ///
    /// - Throws: ``LabNN/ModelError/option(subject:problem:)`` for one that the network does not come in.
    public init(from decoder: any Decoder) throws {
      let count = try decoder.singleValueContainer().decode(Int.self)
      guard let layers = Self(rawValue: count) else {
        throw ModelError.option(
          subject: "layers",
          problem: "a densenet for large images has 121, 161, 169 or 201 layers, found \(count)")
      }
      self = layers
    }
  }

  /// The number of layers.
  public var layers: Layers
  /// The number of layers of each block; nil for those of the number of layers.
  public var blocks: [Int]?
  /// The channels that each layer adds.
  public var growthRate = 32
  /// Whether a 1×1 convolution in front of each 3×3 one reduces its input to four times the growth rate.
  public var hasBottlenecks = true
  /// The share of its channels that a transition keeps.
  public var compression = 0.5

  /// Creates the architecture.
  public init(layers: Layers) { self.layers = layers }

  /// Creates the architecture with 121 layers.
  public init() { self.init(layers: .oneHundredTwentyOne) }

  enum CodingKeys: String, CodingKey {
    case layers, blocks, compression
    case growthRate = "growth_rate"
    case hasBottlenecks = "bottleneck"
  }

  public static let variant = ConfigurationSchema.Variant(
    "imagenet-densenet", "The densely connected network for large images; width twice the growth rate.",
    options: ConfigurationSchema([
      .init(
        "layers", .integer(121...201), default: .integer(Self().layers.rawValue),
        "The number of layers: \(Layers.allCases.map { "\($0.rawValue)" }.joined(separator: ", "))."),
      .init(
        "blocks", .optional(.array(.integer(1...1000))), default: .null,
        "The number of layers of each block; null for those of the number of layers."),
      .growthRate(default: Self().growthRate), .bottleneck(default: Self().hasBottlenecks),
      .compression(default: Self().compression),
    ]),
    aliases: [
      "densenet121": ["layers": 121], "densenet169": ["layers": 169], "densenet201": ["layers": 201],
      "densenet161": ["layers": 161, "growth_rate": 48],
    ])

  public static let members = Layers.allCases.map { ZooMember.imagenet("densenet\($0.rawValue)") }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "imagenet-densenet", "growth_rate": 2, "blocks": [1, 2]], "stem": "cifar"])

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth, except: layers.rawValue)
    let stem = try network.stem(
      images, UnitNames("features.conv0", "features.norm0"), default: .imagenet,
      Convolution(outputChannels: width ?? 2 * growthRate, kernelSize: 7, stride: 2),
      pooling: Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, padding: 1)))
    return try DenseNetwork(
      layers: blocks ?? layers.blocks, growthRate: growthRate, hasBottlenecks: hasBottlenecks, compression: compression
    ).logits(stem, network: network)
  }

  /// torchvision's files of weights are older than its networks' names: `denselayer1.norm.1` is `denselayer1.norm1`.
  public func ownNames(of names: [String]) -> [String: String] {
    Dictionary(names.compactMap { name in Self.ownName(ofEarlier: name).map { (name, $0) } }) { first, _ in first }
  }

  private static func ownName(ofEarlier name: String) -> String? {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false)
    let place = parts.count - 3
    guard place > 0, parts[place - 1].hasPrefix("denselayer"), ["norm", "conv"].contains(parts[place]),
      ["1", "2"].contains(parts[place + 1])
    else { return nil }
    parts[place] += parts.remove(at: place + 1)
    return parts.joined(separator: ".")
  }
}
