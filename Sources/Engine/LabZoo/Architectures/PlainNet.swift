import LabCore
import LabGraph
import LabNN

/// A stack of 3×3 convolutions without shortcuts, in the manner of VGG.
///
/// After the stem come stages of equally many convolutions; each stage but the first starts by halving the resolution
/// and doubling the channels. Depth counts the convolutions: `stages · n + 1`. The names `plain-20` to `plain-56` are those
/// of the residual networks' paper, which counts the last layer, too. Parameters: `conv1`, `bn1`, `layer1.0.conv`,
/// `layer1.0.bn`, …, `fc`.
///
/// - Source: Simonyan, Zisserman, "Very deep convolutional networks", ICLR 2015, arXiv 1409.1556; as the "plain"
///   counterpart of a residual network: He et al., CVPR 2016, arXiv 1512.03385.
public struct PlainNet: Architecture {
  /// The number of stages.
  public var stages: Int

  /// Creates the architecture.
  public init(stages: Int) { self.stages = stages }

  /// Creates the architecture with three stages.
  public init() { self.init(stages: 3) }

  public static let variant = ConfigurationSchema.Variant(
    "plain", "A stack of 3×3 convolutions without shortcuts; depth stages · n + 1 (default n = 2), width 16.",
    options: ConfigurationSchema([
      .init("stages", .integer(1...8), default: .integer(Self().stages), "The number of stages.")
    ]), aliases: ConfigurationSchema.Variant.depthAliases(names),
    companions: ConfigurationSchema.Variant.depthCompanions(names))

  /// The numbers of convolutions of the residual networks' plain counterparts, by their names.
  private static let names: [String: Int] = Dictionary(
    uniqueKeysWithValues: [20, 32, 44, 56].map { ("plain-\($0)", $0 - 1) })

  public static let members =
    [ZooMember.cifar("plain-7", ["architecture": "plain"])]
    + [20, 32, 44, 56].map { ZooMember.cifar("plain-\($0)", ["architecture": .string("plain-\($0)")]) }

  public static let miniature = ZooMember.miniature(["architecture": "plain", "depth": 4, "width": 4])

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    let depth = depth ?? 2 * stages + 1
    guard depth > stages, (depth - 1) % stages == 0 else {
      throw ModelError.option(
        subject: "depth",
        problem: "a plain network of \(stages) stages has \(stages)n + 1 convolutions, found \(depth); "
          + "nearest is \(max(1, Int((Double(depth - 1) / Double(stages)).rounded())) * stages + 1)")
    }
    let width = width ?? 16
    var x = try network.stem(images, width: width, default: .cifar)
    for stage in 0..<stages {
      let builder = network.stage(stage + 1)
      for index in 0..<(depth - 1) / stages {
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
