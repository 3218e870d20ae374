import LabCore
import LabNN

/// The residual network for large images with bottleneck attention between its stages.
///
/// Parameters as in torchvision's residual networks, and `bam1`, `bam2`, `bam3` as in the authors' code.
///
/// - Source: Park et al., "BAM: bottleneck attention module", BMVC 2018, arXiv 1807.06514.
public struct BAMResNet: AttentionResNet {
  /// The number of layers.
  public var layers: ResidualNetwork.Layers
  /// The number of blocks of each stage; nil for that of the number of layers.
  public var blocks: [Int]?

  /// Creates the architecture.
  public init(layers: ResidualNetwork.Layers, blocks: [Int]?) {
    self.layers = layers
    self.blocks = blocks
  }

  public static let variant = attentionVariant(
    "bam-resnet", "The residual network for large images with bottleneck attention between its stages; width 64.",
    aliases: "bam_resnet", [.eighteen, .thirtyFour, .fifty, .oneHundredOne])

  public var defaults: NetworkDefaults { NetworkDefaults(attention: BAM()) }
}
