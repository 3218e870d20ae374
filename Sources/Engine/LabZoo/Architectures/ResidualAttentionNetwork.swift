import LabCore
import LabGraph
import LabNN

/// Residual attention: in each stage a trunk, and beside it a mask that sees the whole image and weighs the trunk.
///
/// Attention-56: three attention modules between pre-activated bottlenecks, the masks with 3, 2 and 1 halvings of the
/// resolution. Bilinear interpolation leads back. The stem `cifar` is the paper's for small images. Parameters as in
/// the widely used PyTorch port: `conv1.0`, `conv1.1`, `residual_block1.bn1`, …, `attention_module1.trunk_branches.0.…`,
/// `attention_module1.softmax1_blocks.…`, `mpool2.0`, `fc`.
///
/// - Source: Wang et al., "Residual attention network for image classification", CVPR 2017, arXiv 1704.06904.
public struct ResidualAttentionNetwork: Architecture {
  /// What makes a mask of the last convolution's results.
  public enum MaskActivation: String, Codable, Sendable, CaseIterable {
    /// A sigmoid of each number.
    case mixed
    /// Each pixel's channels divided by their length.
    case channel
    /// A sigmoid of each channel's pixels, brought to a mean of 0 and a variance of 1.
    case spatial
  }

  /// The number of attention modules of each stage.
  public var modules: [Int]
  /// Whether there is a mask beside each trunk.
  public var hasMask = true
  /// Whether the trunk's features pass a mask: `(1 + M) ⊙ T`, and not `M ⊙ T`.
  public var isResidual = true
  /// What makes the mask of the last convolution's results.
  public var maskActivation = MaskActivation.mixed

  /// Creates the architecture.
  public init(modules: [Int]) { self.modules = modules }

  /// Creates Attention-56: one module a stage.
  public init() { self.init(modules: [1, 1, 1]) }

  enum CodingKeys: String, CodingKey {
    case modules
    case hasMask = "mask"
    case isResidual = "residual"
    case maskActivation = "mask_activation"
  }

  public static let variant = ConfigurationSchema.Variant(
    "residual-attention", "Residual attention: a mask beside each trunk weighs its features; width 64.",
    options: ConfigurationSchema([
      .init(
        "modules", .array(.integer(1...16)), default: .array(Self().modules.map(JSONValue.integer)),
        "The number of attention modules of each stage: [1, 1, 1] is Attention-56, [1, 2, 3] Attention-92."),
      ConfigurationSchema.Field(
        "mask", .boolean, default: .boolean(Self().hasMask), "Whether there is a mask beside each trunk."
      ).compared(off: false),
      ConfigurationSchema.Field(
        "residual", .boolean, default: .boolean(Self().isResidual),
        "Whether a trunk's features pass the mask (1 + M), as the paper learns them, or only what it lets through (M)."
      ).compared(off: false),
      .init(
        "mask_activation", .choice(MaskActivation.allCases.map(\.rawValue)),
        default: .string(Self().maskActivation.rawValue),
        "What makes a mask: mixed for a sigmoid of each number, channel for each pixel's channels over their length, spatial "
          + "for a sigmoid of each channel that is normalized over its pixels."),
    ]),
    aliases: ["attention56": ["modules": [1, 1, 1]], "attention92": ["modules": [1, 2, 3]]])

  public static let members = [
    ZooMember.imagenet("attention56"), ZooMember.imagenet("attention92"),
    ZooMember.cifar("attention56, cifar", ["architecture": "attention56", "stem": "cifar"]),
  ]

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "residual-attention", "modules": [1]], "width": 1, "stem": "cifar"])

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth)
    // What is off asks for nothing, so that both switches can be off.
    guard hasMask || maskActivation == Self().maskActivation else {
      throw ModelError.option(
        subject: "architecture.mask_activation", problem: "there is no mask (\"mask\"); leave it out")
    }
    guard !modules.isEmpty, modules.count <= 3 else {
      throw ModelError.option(subject: "modules", problem: "there are one to three stages, found \(modules.count)")
    }
    let width = width ?? 64
    var x = try network.stem(
      images, UnitNames("conv1.0", "conv1.1"), default: .imagenet,
      Convolution(outputChannels: width, kernelSize: 7, stride: 2),
      pooling: Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, padding: 1)))
    var number = 0
    for (stage, count) in modules.enumerated() {
      let builder = network.stage(stage + 1)
      let channels = 4 * width << stage
      x = try unit(x, "residual_block\(stage + 1)", channels: channels, halves: stage > 0, network: builder)
      for _ in 0..<count {
        number += 1
        x = try network.scope("attention_module\(number)") {
          try module(x, levels: modules.count - stage, network: builder)
        }
      }
      x = try builder.transition(x)
    }
    let last = network.stage(modules.count + 1)
    for index in 0..<3 {
      x = try unit(
        x, "residual_block\(modules.count + 1 + index)", channels: 4 * width << modules.count, halves: index == 0,
        network: last)
    }
    return try network.head(network.activation(network.normalization(x, "mpool2.0")))
  }

  /// A pre-activated bottleneck.
  private func unit(
    _ x: Tensor, _ name: String, channels: Int? = nil, halves: Bool = false, network: NetworkBuilder
  ) throws -> Tensor {
    try network.scope(name) {
      let channels = channels ?? x.shape[1]
      let inner = max(channels / 4, 1)
      let activated = try network.activation(network.normalization(x, "bn1"))
      var y = try network.unit(
        activated, UnitNames("conv1", "bn2"), Convolution(outputChannels: inner, kernelSize: 1))
      y = try network.unit(
        y, UnitNames("conv2", "bn3"), Convolution(outputChannels: inner, kernelSize: 3, stride: halves ? 2 : 1))
      y = try network.convolution(y, "conv3", Convolution(outputChannels: channels, kernelSize: 1))
      y = try network.attention(y)
      let fits = !halves && x.shape[1] == channels
      let shortcut =
        fits ? x : try network.bareProjection(activated, "conv4", channels: channels, halves: halves)
      return try network.context.block(x, y.adding(shortcut))
    }
  }

  private func module(_ x: Tensor, levels: Int, network: NetworkBuilder) throws -> Tensor {
    func unit(_ x: Tensor, _ name: String) throws -> Tensor { try self.unit(x, name, network: network) }
    let input = try unit(x, "first_residual_blocks")
    let trunk = try unit(unit(input, "trunk_branches.0"), "trunk_branches.1")
    guard hasMask else { return try unit(trunk, "last_blocks") }
    let pooling = Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, padding: 1))

    // Down to the coarsest level; what each level has seen is kept for the way back.
    var levelsSeen: [(features: Tensor, skip: Tensor)] = []
    var y = input
    for level in 1..<levels {
      y = try unit(pooling(y, in: network.context), "softmax\(level)_blocks")
      levelsSeen.append((y, try unit(y, "skip\(level)_connection_residual_block")))
    }
    y = try pooling(y, in: network.context)
    for index in 0..<2 { y = try unit(y, "softmax\(levels)_blocks.\(index)") }

    var number = levels + 1
    for seen in levelsSeen.reversed() {
      y = try y.interpolated(to: seen.features).adding(seen.features).adding(seen.skip)
      y = try unit(y, "softmax\(number)_blocks")
      number += 1
    }
    y = try y.interpolated(to: trunk).adding(trunk)
    let mask = try network.scope("softmax\(number)_blocks") {
      let channels = x.shape[1]
      let first = try network.activation(network.normalization(y, "0"))
      let second = try network.unit(
        first, UnitNames("2", "3"), Convolution(outputChannels: channels, kernelSize: 1))
      let logits = try network.convolution(second, "5", Convolution(outputChannels: channels, kernelSize: 1))
      let weights = try maskActivation(of: logits)
      return try network.context.attention(.featureAttention, isResidual ? weights.affine(1, offset: 1) : weights)
    }
    return try unit(trunk.multiplied(by: mask), "last_blocks")
  }

  /// The mask `[N, C, H, W]` of the last convolution's results; 10⁻⁵ keeps it finite where these are all alike.
  private func maskActivation(of logits: Tensor) throws -> Tensor {
    let (batch, channels) = (logits.shape[0], logits.shape[1])
    func square(_ x: Tensor) throws -> Tensor { try x.builder.apply(Unary(.square), x) }
    func scaled(_ x: Tensor, byRootOf power: Tensor) throws -> Tensor {
      try x.multiplied(by: x.builder.apply(Unary(.reciprocalSquareRoot), power.affine(1, offset: 1e-5)))
    }
    switch maskActivation {
    case .mixed: return try logits.activated(.sigmoid)
    case .channel:
      let power = try logits.builder.apply(Reduction(.sum, axes: [1]), square(logits))
      return try scaled(logits, byRootOf: power.reshaped(to: [batch, 1, logits.shape[2], logits.shape[3]]))
    case .spatial:
      let each: Shape = [batch, channels, 1, 1]
      let centered = try logits.subtracting(logits.mean(2, 3).reshaped(to: each))
      return try scaled(centered, byRootOf: square(centered).mean(2, 3).reshaped(to: each)).activated(.sigmoid)
    }
  }
}

extension Tensor {
  /// Bilinear interpolation to the extent of another image, with the corners aligned.
  func interpolated(to other: Tensor) throws -> Tensor {
    func matrix(from input: Int, to output: Int) -> [[Float]] {
      (0..<output).map { position in
        let source = output > 1 ? Double(position * (input - 1)) / Double(output - 1) : 0
        return (0..<input).map { Float(max(0, 1 - abs(source - Double($0)))) }
      }
    }
    let extent = (other.shape[2], other.shape[3])
    guard (shape[2], shape[3]) != extent else { return self }
    return try resampled(
      rows: matrix(from: shape[2], to: extent.0), columns: matrix(from: shape[3], to: extent.1))
  }
}
