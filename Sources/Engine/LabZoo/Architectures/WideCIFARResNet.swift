import LabCore
import LabGraph
import LabNN

/// The wide residual network for small images: three stages of pre-activated blocks, depth `6n + 4`.
///
/// Parameters as in the widely used PyTorch port of the authors' code: `conv1`, `block1.layer.0.bn1`,
/// `block1.layer.0.conv1`, `bn2`, `conv2`, `convShortcut`, …, `bn1`, `fc`. Dropout is between a block's convolutions.
///
/// - Source: Zagoruyko, Komodakis, "Wide residual networks", BMVC 2016, arXiv 1605.07146.
public struct WideCIFARResNet: Architecture {
  /// The factor of the channels, relative to a residual network for small images.
  public var widening: Int

  /// Creates the architecture.
  public init(widening: Int) { self.widening = widening }

  /// Creates the architecture with ten times the channels.
  public init() { self.init(widening: 10) }

  public static let variant = ConfigurationSchema.Variant(
    "wrn", "The wide residual network for small images; depth 6n + 4 (default 28), stem width 16.",
    options: ConfigurationSchema([
      .init("widening", .integer(1...64), default: .integer(Self().widening), "The factor of the channels.")
    ]),
    aliases: Dictionary(
      uniqueKeysWithValues: known.map { ("wrn-\($0.depth)-\($0.widening)", ["widening": .integer($0.widening)]) }),
    companions: ConfigurationSchema.Variant.depthCompanions(
      Dictionary(uniqueKeysWithValues: known.map { ("wrn-\($0.depth)-\($0.widening)", $0.depth) })))

  private static let known: [(depth: Int, widening: Int)] = [(16, 4), (16, 8), (28, 10), (40, 2), (40, 4)]

  public static let members = known.map { depth, widening in
    ZooMember.cifar("wrn-\(depth)-\(widening)", ["architecture": .string("wrn-\(depth)-\(widening)")])
  }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "wrn", "widening": 2], "depth": 10, "width": 2])

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    let depth = depth ?? 28
    guard depth >= 10, (depth - 4) % 6 == 0 else {
      throw ModelError.option(
        subject: "depth",
        problem: "a wrn has 6n + 4 layers (10, 16, 22, 28, 40, …), found \(depth); "
          + "nearest is \(max(1, Int((Double(depth - 4) / 6).rounded())) * 6 + 4)")
    }
    let width = width ?? 16
    var x = try network.stem(images, width: width, default: .cifar, activates: false)
    for stage in 0..<3 {
      let builder = network.stage(stage + 1)
      for index in 0..<(depth - 4) / 6 {
        x = try network.scope("block\(stage + 1).layer.\(index)") {
          try block(x, channels: (width << stage) * widening, halves: stage > 0 && index == 0, network: builder)
        }
      }
      if stage < 2 { x = try builder.transition(x) }
    }
    return try network.head(network.activation(network.normalization(x, "bn1")), hasDropout: false)
  }

  private func block(_ x: Tensor, channels: Int, halves: Bool, network: NetworkBuilder) throws -> Tensor {
    let activated = try network.activation(network.normalization(x, "bn1"))
    let fits = !halves && x.shape[1] == channels
    var y = try network.unit(
      activated, UnitNames("conv1", "bn2"),
      Convolution(outputChannels: channels, kernelSize: 3, stride: halves ? 2 : 1))
    y = try network.convolution(
      network.dropout(y), "conv2", Convolution(outputChannels: channels, kernelSize: 3))
    y = try network.attention(y)
    let shortcut = fits ? x : try network.bareProjection(activated, "convShortcut", channels: channels, halves: halves)
    return try network.context.block(x, y.adding(shortcut))
  }
}
