import LabCore
import LabGraph
import LabNN

/// Five convolutions and three linear layers: the network that began it.
///
/// Parameters as in torchvision's `alexnet`, which is the single-column version of 2014: weight and bias of
/// `features.0`, `.3`, `.6`, `.8`, `.10` and `classifier.1`, `.4`, `.6`. For small images the stem `cifar` has a 3×3
/// convolution without stride. All widths follow that of the first convolution.
///
/// - Source: Krizhevsky, Sutskever, Hinton, NeurIPS 2012; Krizhevsky, "One weird trick for parallelizing convolutional
///   neural networks", arXiv 1404.5997.
public struct AlexNet: Architecture {
  /// Creates the architecture.
  public init() {}

  public static let variant = ConfigurationSchema.Variant(
    "alexnet", "Five convolutions and three linear layers; width 64, images of at least 63 pixels.")

  public static let members = [ZooMember.imagenet("alexnet")]

  public static let miniature = ZooMember.miniature(
    ["architecture": "alexnet", "width": 2, "stem": "cifar"], extent: 32)

  public var defaults: NetworkDefaults { NetworkDefaults(normalization: nil, dropout: 0.5) }

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth)
    func scaled(_ channels: Int) -> Int { max(channels * (width ?? 64) / 64, 1) }
    func convolution(_ channels: Int, _ size: Int) -> Convolution {
      Convolution(
        outputChannels: scaled(channels), kernelSize: size, hasBias: true, initialization: .torchDefault)
    }
    func names(_ index: Int) -> UnitNames { UnitNames("features.\(index)", "features.\(index).norm") }
    func pooled(_ x: Tensor, _ index: Int, stage: Int) throws -> Tensor {
      let pooling = Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2))
      return try network.pooling(network.stage(stage).transition(x), "features.\(index)", pooling)
    }
    func refined(_ x: Tensor, _ index: Int, stage: Int) throws -> Tensor {
      try network.stage(stage).attention(x, "features.\(index).se")
    }
    var first = convolution(64, 11)
    first.geometry = ConvolutionGeometry(stride: 4, padding: 2)
    var x = try network.stem(images, names(0), default: .imagenet, first)
    x = try pooled(refined(x, 0, stage: 1), 2, stage: 1)
    x = try network.stage(2).unit(x, names(3), convolution(192, 5))
    x = try pooled(refined(x, 3, stage: 2), 5, stage: 2)
    for (index, channels) in [(6, 384), (8, 256), (10, 256)] {
      x = try refined(network.stage(3).unit(x, names(index), convolution(channels, 3)), index, stage: 3)
    }
    x = try pooled(x, 12, stage: 3)
    x = try AdaptiveAveragePool(Extent2D(6))(network.fusion(x), in: network.context)
    x = try x.flattened()
    for (dropout, linear) in [(0, 1), (3, 4)] {
      x = try network.dropout(x, "classifier.\(dropout)")
      x = try network.activation(
        Linear(outputFeatures: scaled(4096))(x, "classifier.\(linear)", in: network.context))
    }
    return try network.classifier(x, "classifier.6")
  }
}
