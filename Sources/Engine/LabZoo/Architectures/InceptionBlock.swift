import LabGraph
import LabNN

/// Four branches side by side: 1×1, 1×1 and 3×3, 1×1 and a larger window, pooling and 1×1; their results one after the
/// other.
///
/// ## Shapes
/// - `x`: `[N, I, H, W]`; result `[N, ones + threes + larges + pooled, H, W]`.
/// - Source: Szegedy et al., "Going deeper with convolutions", CVPR 2015, arXiv 1409.4842.
public struct InceptionBlock: Sendable {
  /// The channels of the 1×1 branch.
  public var ones: Int
  /// The channels in front of the 3×3 convolution.
  public var threesReduced: Int
  /// The channels of the 3×3 convolution.
  public var threes: Int
  /// The channels in front of the larger window.
  public var largesReduced: Int
  /// The channels of the larger window.
  public var larges: Int
  /// The channels behind the pooling.
  public var pooled: Int
  /// The extent of the larger window: 5 as in the paper, 3 as in torchvision.
  public var largeWindow = 5

  /// Applies the block, with torchvision's names.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, O, H′, W′]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func callAsFunction(_ x: Tensor, network: NetworkBuilder) throws -> Tensor {
    func unit(_ x: Tensor, _ name: String, _ channels: Int, _ size: Int) throws -> Tensor {
      try network.unit(x, UnitNames(in: name), Convolution(outputChannels: channels, kernelSize: size))
    }
    let first = try unit(x, "branch1", ones, 1)
    let second = try unit(unit(x, "branch2.0", threesReduced, 1), "branch2.1", threes, 3)
    let third = try unit(unit(x, "branch3.0", largesReduced, 1), "branch3.1", larges, largeWindow)
    let window = try Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 1, padding: 1))(x, in: network.context)
    let fourth = try unit(window, "branch4.1", pooled, 1)
    return try network.attention(.concatenated([first, second, third, fourth]))
  }
}
