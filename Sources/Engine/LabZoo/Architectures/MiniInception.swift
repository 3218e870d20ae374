import LabCore
import LabGraph
import LabNN

/// The small Inception for images of a few dozen pixels: blocks of a 1×1 and a 3×3 convolution side by side.
///
/// Between stages, a 3×3 convolution and a maximum pooling halve the resolution side by side. Parameters: `conv1`,
/// `layer1.0.branch1.conv`, `layer1.0.branch1.bn`, `layer1.0.branch2.…`, `reduce1.conv`, …, `fc`.
///
/// - Source: Zhang et al., "Understanding deep learning requires rethinking generalization", ICLR 2017,
///   arXiv 1611.03530, appendix A.
public struct MiniInception: Architecture {
  /// Creates the architecture.
  public init() {}

  public static let variant = ConfigurationSchema.Variant(
    "mini-inception", "The small Inception: a 1×1 and a 3×3 convolution side by side; width 96.")

  public static let members = [ZooMember.cifar("mini-inception", ["architecture": "mini-inception"])]

  public static let miniature = ZooMember.miniature(["architecture": "mini-inception", "width": 12])

  /// The channels of the 1×1 and the 3×3 convolutions of each stage's blocks.
  private static let stages = [
    [(32, 32), (32, 48)], [(112, 48), (96, 64), (80, 80), (48, 96)], [(176, 160), (176, 160)],
  ]
  /// The channels of the convolutions between stages.
  private static let reductions = [80, 96]

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth)
    func scaled(_ channels: Int) -> Int { max(channels * (width ?? 96) / 96, 1) }
    var x = try network.stem(images, width: scaled(96), default: .cifar)
    for (stage, blocks) in Self.stages.enumerated() {
      let builder = network.stage(stage + 1)
      func unit(_ x: Tensor, _ name: String, _ channels: Int, _ size: Int, stride: Int = 1) throws -> Tensor {
        try builder.unit(
          x, UnitNames(in: name),
          Convolution(outputChannels: scaled(channels), kernelSize: size, stride: stride))
      }
      for (index, (ones, threes)) in blocks.enumerated() {
        x = try network.scope("layer\(stage + 1).\(index)") {
          try builder.attention(
            .concatenated([unit(x, "branch1", ones, 1), unit(x, "branch2", threes, 3)]))
        }
      }
      guard stage < Self.reductions.count else { break }
      x = try builder.transition(x)
      let pooling = Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, padding: 1))
      x = try network.scope("reduce\(stage + 1)") {
        try .concatenated([
          unit(x, "conv", Self.reductions[stage], 3, stride: 2), builder.pooling(x, "pool", pooling),
        ])
      }
    }
    return try network.head(x)
  }
}
