import LabCore
import LabGraph
import LabNN

/// A stem, stages of dynamic convolutions, multi-scale feature fusion, and a head: a classifier for small images of
/// signs and objects whose size varies.
///
/// Every stage has two 3×3 convolutions, and the first of each stage but the first halves the resolution. Convolutions
/// are ODConv unless `dynamic` is off; the key `conv` of a configuration puts another variant in their place. Fusion is
/// by sum unless `combine` says otherwise; the key `fusion` replaces it. It was made to be trained with a class-balanced
/// focal loss. Parameters: `conv1`, `bn1`, `layer1.0.conv.…`, `layer1.0.bn`, …, `fusion.conv1x1`, …, `fc`.
///
/// - Source: Li, Zhou, Yao, "Omni-dimensional dynamic convolution", ICLR 2022, arXiv 2209.07947, for the convolutions;
///   Szegedy et al., CVPR 2015, arXiv 1409.4842, for windows of several extents side by side.
public struct MultiScaleDynamicNet: Architecture {
  /// The number of stages.
  public var stages: Int
  /// Whether convolutions are ODConv where the configuration names no other.
  public var dynamic: Bool
  /// The number of kernels of each.
  public var kernels: Int
  /// How the branches of the fusion are combined.
  public var combine: MultiScaleFusion.Combination

  /// Creates the architecture.
  public init(
    stages: Int, dynamic: Bool = true, kernels: Int = 4, combine: MultiScaleFusion.Combination = .sum
  ) {
    self.stages = stages
    self.dynamic = dynamic
    self.kernels = kernels
    self.combine = combine
  }

  /// Creates the architecture with three stages and four kernels.
  public init() { self.init(stages: 3) }

  public static let variant = ConfigurationSchema.Variant(
    "multiscale-dynamic", "A stem, stages of dynamic convolutions, multi-scale fusion, a head; width 32.",
    options: ConfigurationSchema([
      .init("stages", .integer(1...6), default: .integer(Self().stages), "The number of stages."),
      ConfigurationSchema.Field(
        "dynamic", .boolean, default: .boolean(Self().dynamic),
        "Whether convolutions are ODConv where the configuration names no other."
      ).compared(off: false),
      .kernels(default: Self().kernels),
      .init(
        "combine", .choice(MultiScaleFusion.Combination.allCases.map(\.rawValue)),
        default: .string(Self().combine.rawValue),
        "How the branches of the fusion are combined, where the configuration names no other fusion."),
    ]), revision: 1)

  public static let members = [
    ZooMember.cifar("multiscale-dynamic", ["architecture": "multiscale-dynamic"]),
    ZooMember.cifar(
      "multiscale-dynamic, static", ["architecture": ["name": "multiscale-dynamic", "dynamic": false]]),
  ]

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "multiscale-dynamic", "stages": 2, "kernels": 2], "width": 4])

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth)
    var network = network
    if dynamic, network.style.convolution is StaticConvolution {
      network.style.convolution = ODConv(kernels: kernels)
    }
    if network.style.fusion == nil { network.style.fusion = MultiScaleFusion(combine: combine) }
    let width = width ?? 32
    var x = try network.stem(images, width: width, default: .cifar)
    for stage in 0..<stages {
      let builder = network.stage(stage + 1)
      for index in 0..<2 {
        let convolution = Convolution(
          outputChannels: width << stage, kernelSize: 3, stride: stage > 0 && index == 0 ? 2 : 1)
        x = try network.scope("layer\(stage + 1).\(index)") {
          try builder.attention(builder.unit(x, UnitNames("conv", "bn"), convolution))
        }
      }
      if stage < stages - 1 { x = try builder.transition(x) }
    }
    return try network.head(x)
  }
}
