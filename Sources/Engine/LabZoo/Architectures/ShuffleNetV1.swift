import LabCore
import LabGraph
import LabNN

/// Grouped 1×1 convolutions, and a shuffle of the channels between the groups.
///
/// Parameters as in the authors' PyTorch code: `first_conv.0`, `first_conv.1`, `features.0.branch_main_1.0`, `.1`, `.3`,
/// `.4`, `features.0.branch_main_2.0`, `.1`, …, `classifier.0.weight`. Channels of the stages follow the number of
/// groups, as in the paper: 144 for 1 group, 200 for 2, 240 for 3, 272 for 4, 384 for 8, doubled with each stage.
///
/// - Source: Zhang et al., "ShuffleNet: an extremely efficient convolutional neural network for mobile devices",
///   CVPR 2018, arXiv 1707.01083.
public struct ShuffleNetV1: Architecture {
  /// The number of groups.
  public var groups: Int
  /// The factor of all channels.
  public var multiplier: Double

  /// Creates the architecture.
  public init(groups: Int, multiplier: Double = 1) {
    self.groups = groups
    self.multiplier = multiplier
  }

  /// Creates the architecture with three groups.
  public init() { self.init(groups: 3) }

  public static let variant = ConfigurationSchema.Variant(
    "shufflenet_v1", "Grouped 1×1 convolutions and a shuffle between the groups; width 24.",
    options: ConfigurationSchema([
      .init("groups", .integer(1...8), default: .integer(Self().groups), "The number of groups: 1, 2, 3, 4 or 8."),
      .multiplier(default: Self().multiplier),
    ]),
    aliases: Dictionary(
      uniqueKeysWithValues: [1, 2, 3, 4, 8].map { ("shufflenet_v1_g\($0)", ["groups": .integer($0)]) }),
    revision: 1)

  public static let members = [1, 2, 3, 4, 8].map { ZooMember.imagenet("shufflenet_v1_g\($0)") }

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "shufflenet_v1", "groups": 2], "width": 2, "stem": "cifar"])

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth)
    guard let channels = [1: 144, 2: 200, 3: 240, 4: 272, 8: 384][groups] else {
      throw ModelError.option(subject: "groups", problem: "shufflenet_v1 has 1, 2, 3, 4 or 8 groups, found \(groups)")
    }
    let scale = Double(width ?? 24) / 24 * multiplier
    let first = max(Int(24 * scale), 1)
    // A quarter of the channels goes through the groups; the first block adds to the stem's channels.
    let unit = 4 * groups
    let narrowest = max(Int(Double(channels) * scale) / unit * unit, (first / unit + 1) * unit)
    var x = try network.stem(
      images, UnitNames("first_conv.0", "first_conv.1"), default: .imagenet,
      Convolution(outputChannels: first, kernelSize: 3, stride: 2),
      pooling: Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, padding: 1)))
    var number = 0
    for (stage, count) in [4, 8, 4].enumerated() {
      let builder = network.stage(stage + 1)
      for index in 0..<count {
        x = try network.scope("features.\(number)") {
          try block(x, channels: narrowest << stage, halves: index == 0, isFirst: number == 0, network: builder)
        }
        number += 1
      }
      if stage < 2 { x = try builder.transition(x) }
    }
    x = try network.dropout(GlobalAveragePool()(network.fusion(x), in: network.context))
    return try network.context.tagged("head") {
      try Linear(outputFeatures: network.classCount, hasBias: false, initialization: .smallNormal)(
        x, "classifier.0", in: network.context)
    }
  }

  private func block(
    _ x: Tensor, channels: Int, halves: Bool, isFirst: Bool, network: NetworkBuilder
  ) throws -> Tensor {
    let inner = channels / 4
    let mean = Pooling2D(.average(countsPadding: true), PoolingGeometry(window: 3, stride: 2, padding: 1))
    let shortcut = halves ? try network.pooling(x, "branch_proj", mean) : x
    var y = try network.unit(
      x, UnitNames("branch_main_1.0", "branch_main_1.1"),
      Convolution(outputChannels: inner, kernelSize: 1, groups: isFirst ? 1 : groups))
    y = try network.unit(
      y, UnitNames("branch_main_1.3", "branch_main_1.4"),
      .depthwise(inner, kernelSize: 3, stride: halves ? 2 : 1), activates: false)
    if groups > 1 { y = try y.shuffled(groups: groups) }
    let added = halves ? channels - shortcut.shape[1] : channels
    guard added > 0, added % groups == 0 else {
      throw ModelError.option(
        subject: "downsample",
        problem: "the architecture shufflenet_v1 adds the channels of its poolings to those of its convolutions, and "
          + "\(shortcut.shape[1]) of \(channels) leave none that divide by \(groups) groups")
    }
    y = try network.unit(
      y, UnitNames("branch_main_2.0", "branch_main_2.1"),
      Convolution(outputChannels: added, kernelSize: 1, groups: groups), activates: false)
    y = try network.attention(y)
    let result =
      try halves
      ? Tensor.concatenated([shortcut, network.activation(y)]) : network.activation(y.adding(shortcut))
    return network.context.block(x, result)
  }
}
