import LabCore
import LabGraph
import LabNN

/// The plan that residual networks for large images share: a stem, four stages of blocks, a head.
public struct ResidualNetwork: Sendable {
  /// The numbers of layers that the networks come in.
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

    /// Reads a number of layers.
    ///
    /// - Throws: ``LabNN/ModelError/option(subject:problem:)`` for one that residual networks do not come in.
    public init(from decoder: any Decoder) throws {
      let count = try decoder.singleValueContainer().decode(Int.self)
      guard let layers = Self(rawValue: count) else {
        let choices = Self.allCases.map { "\($0.rawValue)" }.joined(separator: ", ")
        throw ModelError.option(
          subject: "layers", problem: "a residual network for large images has \(choices) layers, found \(count)")
      }
      self = layers
    }
  }

  /// The number of blocks of each stage.
  var blocks: [Int]
  /// Whether blocks are bottlenecks.
  var hasBottlenecks: Bool
  /// The number of groups of a bottleneck's 3×3 convolution.
  var groups = 1
  /// The channels of a group of the 3×3 convolution, where the first stage has 64 channels.
  var groupWidth = 64
  /// Whether the first 1×1 convolution of a bottleneck halves the resolution instead of the 3×3.
  var halvesAtFirst = false
  /// Whether the names of a convolution and its normalisation are inside a common one, as in timm's `ConvNormAct`.
  var nestsNames = false
  /// Whether a bottleneck's resolution is halved by a pooling behind the 3×3 convolution, and a shortcut's in front of
  /// the 1×1, in ResNet-D's manner.
  var poolsResolution = false
  /// The channels of a deep stem's first convolutions, where the first stage has 64; nil for one 7×7 convolution.
  var deepStemWidth: Int?

  /// Builds the network.
  func logits(_ images: Tensor, width: Int?, network: NetworkBuilder) throws -> Tensor {
    let width = width ?? 64
    var x = try stem(images, width: width, network: network)
    for (stage, count) in blocks.enumerated() {
      let builder = network.stage(stage + 1)
      for index in 0..<count {
        x = try network.scope("layer\(stage + 1).\(index)") {
          try block(
            x, channels: width << stage, halves: stage > 0 && index == 0, network: builder)
        }
      }
      if stage < blocks.count - 1 { x = try builder.transition(x) }
    }
    return try network.head(x)
  }

  private func stem(_ images: Tensor, width: Int, network: NetworkBuilder) throws -> Tensor {
    guard let deepStemWidth, network.stem(.imagenet) == .imagenet else {
      return try network.stem(images, width: width, default: .imagenet)
    }
    let first = max(deepStemWidth * width / 64, 1)
    return try network.context.tagged("stem") {
      func convolution(_ x: Tensor, _ name: String, _ channels: Int, stride: Int = 1) throws -> Tensor {
        try network.outerConvolution(
          x, name, Convolution(outputChannels: channels, kernelSize: 3, stride: stride))
      }
      func normalized(_ x: Tensor, _ name: String) throws -> Tensor {
        try network.activation(network.normalization(x, name))
      }
      var x = try normalized(convolution(images, "conv1.0", first, stride: 2), "conv1.1")
      x = try normalized(convolution(x, "conv1.3", first), "conv1.4")
      x = try normalized(convolution(x, "conv1.6", 2 * first), "bn1")
      let pooling = Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, padding: 1))
      return try network.downsampling.stemPooled(x, pooling, in: network.context)
    }
  }

  private func block(_ x: Tensor, channels: Int, halves: Bool, network: NetworkBuilder) throws -> Tensor {
    guard hasBottlenecks else {
      return try BasicBlock(channels: channels, halves: halves, nestsNames: nestsNames)(x, network: network)
    }
    let perGroup = max(channels * groupWidth / 64, 1)
    return try BottleneckBlock(
      channels: channels, innerChannels: perGroup * groups, groups: groups, halves: halves,
      halvesAtFirst: halvesAtFirst, poolsResolution: poolsResolution, nestsNames: nestsNames)(x, network: network)
  }
}

extension ConfigurationSchema.Field {
  /// The number of layers of a residual network for large images.
  static func layers(from least: ResidualNetwork.Layers = .eighteen, default count: ResidualNetwork.Layers) -> Self {
    let choices = ResidualNetwork.Layers.allCases.filter { $0.rawValue >= least.rawValue }
    return .init(
      "layers", .integer(least.rawValue...152), default: .integer(count.rawValue),
      "The number of layers: \(choices.map { "\($0.rawValue)" }.joined(separator: ", ")).")
  }

  /// The blocks of each stage.
  static let blocks = Self(
    "blocks", .optional(.array(.integer(1...1000))), default: .null,
    "The number of blocks of each stage; null for that of the number of layers.")
}

extension ConfigurationSchema.Variant {
  /// Aliases for the numbers of layers: `seresnet18`, `seresnet34`, ….
  static func layerAliases(
    _ prefix: String, _ layers: [ResidualNetwork.Layers] = ResidualNetwork.Layers.allCases
  ) -> [String: [String: JSONValue]] {
    Dictionary(
      uniqueKeysWithValues: layers.map { ("\(prefix)\($0.rawValue)", ["layers": .integer($0.rawValue)]) })
  }
}
