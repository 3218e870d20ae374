import LabCore
import LabGraph
import LabNN

/// Depth-wise separable convolutions with residual shortcuts: Inception taken to its extreme.
///
/// Parameters as in timm's `xception`: `conv1`, `bn1`, `conv2`, `bn2`, `block1.rep.0.conv1`, `block1.rep.0.pointwise`,
/// `block1.rep.1`, …, `block1.skip`, `block1.skipbn`, …, `conv3.conv1`, `conv3.pointwise`, `bn3`, `conv4`, `bn4`, `fc`.
///
/// - Source: Chollet, "Xception: deep learning with depthwise separable convolutions", CVPR 2017, arXiv 1610.02357.
public struct Xception: Architecture {
  /// The number of blocks that keep shape and channels.
  public var middleBlocks: Int

  /// Creates the architecture.
  public init(middleBlocks: Int) { self.middleBlocks = middleBlocks }

  /// Creates the architecture with the paper's eight middle blocks.
  public init() { self.init(middleBlocks: 8) }

  enum CodingKeys: String, CodingKey { case middleBlocks = "middle_blocks" }

  public static let variant = ConfigurationSchema.Variant(
    "xception", "Depth-wise separable convolutions with residual shortcuts; width 32.",
    options: ConfigurationSchema([
      .init(
        "middle_blocks", .integer(1...64), default: .integer(Self().middleBlocks),
        "The number of blocks that keep shape and channels.")
    ]), revision: 1)

  public static let members = [ZooMember.imagenet("xception", extent: 299)]

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "xception", "middle_blocks": 1], "width": 1, "stem": "cifar"], extent: 32)

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth)
    func scaled(_ channels: Int) -> Int { max(channels * (width ?? 32) / 32, 1) }
    var first = Convolution(outputChannels: scaled(32), kernelSize: 3, stride: 2)
    first.geometry.padding = Extent2D(0)
    var x = try network.stem(images, default: .imagenet, first)
    var second = Convolution(outputChannels: scaled(64), kernelSize: 3)
    if network.stem(.imagenet) == .imagenet { second.geometry.padding = Extent2D(0) }
    x = try network.unit(x, UnitNames("conv2", "bn2"), second, isOuter: true)

    var number = 1
    func block(_ channels: [Int], halves: Bool, stage: Int) throws {
      let builder = network.stage(stage)
      x = try network.scope("block\(number)") {
        try self.block(x, channels: channels.map(scaled), halves: halves, isFirst: number == 1, network: builder)
      }
      number += 1
    }
    for (stage, channels) in [128, 256, 728].enumerated() {
      try block([channels, channels], halves: true, stage: stage + 1)
      x = try network.stage(stage + 1).transition(x)
    }
    for _ in 0..<middleBlocks { try block([728, 728, 728], halves: false, stage: 4) }
    x = try network.stage(4).transition(x)
    try block([728, 1024], halves: true, stage: 5)
    for (index, channels) in [(3, 1536), (4, 2048)] {
      let y = try separable(x, channels: scaled(channels), "conv\(index)", network: network.stage(5))
      x = try network.activation(network.normalization(y, "bn\(index)"))
    }
    return try network.head(x)
  }

  /// Activated separable convolutions with normalisations, a pooling, and a shortcut.
  private func block(
    _ x: Tensor, channels: [Int], halves: Bool, isFirst: Bool, network: NetworkBuilder
  ) throws -> Tensor {
    var y = x
    var index = 0
    for (position, width) in channels.enumerated() {
      if position > 0 || !isFirst {
        y = try network.activation(y)
        index += 1
      }
      y = try separable(y, channels: width, "rep.\(index)", network: network)
      y = try network.normalization(y, "rep.\(index + 1)")
      index += 2
    }
    if halves {
      let pooling = Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, padding: 1))
      y = try network.pooling(y, "rep.\(index)", pooling)
    }
    y = try network.attention(y)
    guard halves || x.shape[1] != y.shape[1] else {
      return try network.context.block(x, y.adding(x))
    }
    let shortcut = try network.bareProjection(x, "skip", channels: y.shape[1], halves: halves)
    return try network.context.block(x, y.adding(network.normalization(shortcut, "skipbn")))
  }

  private func separable(
    _ x: Tensor, channels: Int, _ name: String, network: NetworkBuilder
  ) throws -> Tensor {
    try network.scope(name) {
      let y = try network.convolution(x, "conv1", .depthwise(x.shape[1], kernelSize: 3))
      return try network.convolution(y, "pointwise", Convolution(outputChannels: channels, kernelSize: 1))
    }
  }
}
