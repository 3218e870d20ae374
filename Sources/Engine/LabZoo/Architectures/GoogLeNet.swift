import LabCore
import LabGraph
import LabNN

/// Inception v1: nine blocks of four branches with windows of different extents.
///
/// Parameters as in torchvision's `googlenet`: `conv1.conv`, `conv1.bn`, `inception3a.branch1.conv`, …, `fc`, and with
/// auxiliary heads `aux1.conv`, `aux1.fc1`, `aux1.fc2`, `aux2.…`. Like torchvision's it has batch normalisation, which the
/// paper did not know yet, and 3×3 windows in the third branch unless `large_window` says 5. The heads' losses count 0.3
/// each in training.
///
/// - Source: Szegedy et al., "Going deeper with convolutions", CVPR 2015, arXiv 1409.4842.
public struct GoogLeNet: Architecture {
  /// Whether two auxiliary heads take part in training.
  public var hasAuxiliaryHeads: Bool
  /// The extent of the third branch's window.
  public var largeWindow: Int

  /// Creates the architecture.
  public init(hasAuxiliaryHeads: Bool, largeWindow: Int = 3) {
    self.hasAuxiliaryHeads = hasAuxiliaryHeads
    self.largeWindow = largeWindow
  }

  /// Creates the architecture without auxiliary heads.
  public init() { self.init(hasAuxiliaryHeads: false) }

  enum CodingKeys: String, CodingKey {
    case hasAuxiliaryHeads = "aux_logits"
    case largeWindow = "large_window"
  }

  public static let variant = ConfigurationSchema.Variant(
    "googlenet", "Inception v1: nine blocks of four branches with different windows; width 64.",
    options: ConfigurationSchema([
      .init(
        "aux_logits", .boolean, default: .boolean(Self().hasAuxiliaryHeads),
        "Whether two auxiliary heads take part in training, with 0.3 of the loss each."),
      .init(
        "large_window", .integer(3...5), default: .integer(Self().largeWindow),
        "The extent of the third branch's window: 5 as in the paper, 3 as in torchvision."),
    ]))

  public static let members = [
    ZooMember.imagenet("googlenet"),
    ZooMember(
      "googlenet, aux_logits", ["architecture": ["name": "googlenet", "aux_logits": true]], image: [3, 224, 224],
      classCount: 1000),
  ]

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "googlenet", "aux_logits": true], "width": 16, "stem": "cifar"])

  public var defaults: NetworkDefaults { NetworkDefaults(normalization: BatchNorm(epsilon: 1e-3), dropout: 0.2) }

  /// The blocks of each stage, and the heads behind them.
  private static let stages: [[(name: String, block: InceptionBlock, head: String?)]] = {
    func row(_ name: String, _ c: [Int], _ head: String? = nil) -> (String, InceptionBlock, String?) {
      let block = InceptionBlock(
        ones: c[0], threesReduced: c[1], threes: c[2], largesReduced: c[3], larges: c[4], pooled: c[5])
      return ("inception\(name)", block, head)
    }
    return [
      [row("3a", [64, 96, 128, 16, 32, 32]), row("3b", [128, 128, 192, 32, 96, 64])],
      [
        row("4a", [192, 96, 208, 16, 48, 64], "aux1"), row("4b", [160, 112, 224, 24, 64, 64]),
        row("4c", [128, 128, 256, 24, 64, 64]), row("4d", [112, 144, 288, 32, 64, 64], "aux2"),
        row("4e", [256, 160, 320, 32, 128, 128]),
      ],
      [row("5a", [256, 160, 320, 32, 128, 128]), row("5b", [384, 192, 384, 48, 128, 128])],
    ]
  }()

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth)
    guard largeWindow % 2 == 1 else {
      throw ModelError.option(subject: "large_window", problem: "the window is 3 or 5, found \(largeWindow)")
    }
    func scaled(_ channels: Int) -> Int { max(channels * (width ?? 64) / 64, 1) }
    var x = try stem(images, scaled: scaled, network: network)
    for (stage, blocks) in Self.stages.enumerated() {
      let builder = network.stage(stage + 1)
      for (name, original, head) in blocks {
        var block = original
        for path in [\InceptionBlock.ones, \.threesReduced, \.threes, \.largesReduced, \.larges, \.pooled] {
          block[keyPath: path] = scaled(block[keyPath: path])
        }
        block.largeWindow = largeWindow
        x = try network.scope(name) { try block(x, network: builder) }
        if hasAuxiliaryHeads, let head { try addHead(x, head, scaled: scaled, network: network) }
      }
      guard stage < 2 else { break }
      let pooling = Pooling2D(.maximum, PoolingGeometry(window: stage == 0 ? 3 : 2, stride: 2, roundsUp: true))
      x = try builder.pooling(builder.transition(x), "maxpool\(stage + 3)", pooling)
    }
    return try network.head(x)
  }

  private func stem(_ images: Tensor, scaled: (Int) -> Int, network: NetworkBuilder) throws -> Tensor {
    let pooling = Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, roundsUp: true))
    var x = try network.stem(
      images, UnitNames(in: "conv1"), default: .imagenet,
      Convolution(outputChannels: scaled(64), kernelSize: 7, stride: 2), pooling: pooling)
    x = try network.unit(
      x, UnitNames(in: "conv2"), Convolution(outputChannels: scaled(64), kernelSize: 1), isOuter: true)
    x = try network.unit(
      x, UnitNames(in: "conv3"), Convolution(outputChannels: scaled(192), kernelSize: 3), isOuter: true)
    // Small images keep their resolution up to the first blocks.
    return network.stem(.imagenet) == .cifar ? x : try network.pooling(x, "maxpool2", pooling)
  }

  private func addHead(_ x: Tensor, _ name: String, scaled: (Int) -> Int, network: NetworkBuilder) throws {
    let context = network.context
    try context.tagged("auxiliary") {
      try context.scope(name) {
        let pooled = try AdaptiveAveragePool(Extent2D(4))(x, in: context)
        let y = try network.unit(
          pooled, UnitNames(in: "conv"), Convolution(outputChannels: scaled(128), kernelSize: 1), isOuter: true)
        var z = try network.activation(Linear(outputFeatures: scaled(1024))(y.flattened(), "fc1", in: context))
        z = try DropoutLayer(rate: 0.7)(z, "dropout", in: context)
        let logits = try Linear(outputFeatures: network.classCount)(z, "fc2", in: context)
        context.addAuxiliary(logits, weight: 0.3)
      }
    }
  }
}
