import LabCore
import LabGraph
import LabNN

/// Stages of 3×3 convolutions with a maximum pooling behind each, and three linear layers.
///
/// Parameters as in torchvision: `features.0`, … in the numbering of its layers, which normalisations shift, and
/// `classifier.0`, `.3`, `.6`. All widths follow that of the first stage.
///
/// - Source: Simonyan, Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015,
///   arXiv 1409.1556.
public struct VGG: Architecture {
  /// The numbers of layers that the network comes in.
  public enum Layers: Int, Codable, Sendable, CaseIterable {
    case eleven = 11
    case thirteen = 13
    case sixteen = 16
    case nineteen = 19

    /// The number of convolutions of each stage.
    var convolutions: [Int] {
      switch self {
      case .eleven: [1, 1, 2, 2, 2]
      case .thirteen: [2, 2, 2, 2, 2]
      case .sixteen: [2, 2, 3, 3, 3]
      case .nineteen: [2, 2, 4, 4, 4]
      }
    }
  }

  /// The number of layers.
  public var layers: Layers
  /// Whether batch normalisation follows each convolution.
  public var batchNorm: Bool

  /// Creates the architecture.
  public init(layers: Layers, batchNorm: Bool = false) {
    self.layers = layers
    self.batchNorm = batchNorm
  }

  /// Creates the architecture with 16 layers and no normalisation.
  public init() { self.init(layers: .sixteen) }

  enum CodingKeys: String, CodingKey {
    case layers
    case batchNorm = "batch_norm"
  }

  public static let variant = ConfigurationSchema.Variant(
    "vgg", "Stages of 3×3 convolutions with a pooling behind each, and three linear layers; width 64.",
    options: ConfigurationSchema([
      .init(
        "layers", .integer(11...19), default: .integer(Self().layers.rawValue),
        "The number of layers: \(Layers.allCases.map { "\($0.rawValue)" }.joined(separator: ", "))."),
      .init(
        "batch_norm", .boolean, default: .boolean(Self().batchNorm),
        "Whether batch normalisation follows each convolution; the key norm of the model adds another one."),
    ]),
    aliases: Dictionary(
      uniqueKeysWithValues: Layers.allCases.flatMap { layers -> [(String, [String: JSONValue])] in
        let options: [String: JSONValue] = ["layers": .integer(layers.rawValue)]
        return [
          ("vgg\(layers.rawValue)", options),
          ("vgg\(layers.rawValue)_bn", options.merging(["batch_norm": true]) { $1 }),
        ]
      }))

  public static let members = ["", "_bn"].flatMap { suffix in
    Layers.allCases.map { ZooMember.imagenet("vgg\($0.rawValue)\(suffix)") }
  }

  public static let miniature = ZooMember.miniature(["architecture": "vgg11_bn", "width": 2], extent: 32)

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let count = try container.decode(Int.self, forKey: .layers)
    guard let layers = Layers(rawValue: count) else {
      throw ModelError.option(subject: "layers", problem: "a vgg has 11, 13, 16 or 19 layers, found \(count)")
    }
    self.init(layers: layers, batchNorm: try container.decode(Bool.self, forKey: .batchNorm))
  }

  public var defaults: NetworkDefaults {
    NetworkDefaults(normalization: batchNorm ? BatchNorm() : nil, dropout: 0.5)
  }

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth, except: layers.rawValue)
    let width = width ?? 64
    var x = images
    var index = 0
    for (stage, count) in layers.convolutions.enumerated() {
      let builder = network.stage(stage + 1)
      let convolution = Convolution(outputChannels: width << min(stage, 3), kernelSize: 3, hasBias: true)
      for _ in 0..<count {
        let names = UnitNames("features.\(index)", "features.\(index + 1)")
        x = try builder.unit(x, names, convolution, isOuter: index == 0)
        x = try builder.attention(x, "features.\(index).se")
        index += network.style.normalization == nil ? 2 : 3
      }
      let pooling = Pooling2D(.maximum, PoolingGeometry(window: 2))
      x = try builder.pooling(builder.transition(x), "features.\(index)", pooling)
      index += 1
    }
    x = try AdaptiveAveragePool(Extent2D(7))(network.fusion(x), in: network.context).flattened()
    for (linear, dropout) in [(0, 2), (3, 5)] {
      let layer = Linear(outputFeatures: 64 * width, initialization: .smallNormal)
      x = try network.activation(layer(x, "classifier.\(linear)", in: network.context))
      x = try network.dropout(x, "classifier.\(dropout)")
    }
    return try network.classifier(x, "classifier.6", initialization: .smallNormal)
  }
}
