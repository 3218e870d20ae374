import LabCore
import LabGraph
import LabNN

/// The first layers of a network.
public enum Stem: String, Sendable, Codable, CaseIterable {
  /// A 3×3 convolution, for images of a few dozen pixels.
  case cifar
  /// A 7×7 convolution with stride 2 and a 3×3 maximum pooling with stride 2.
  case imagenet
  /// Space-to-depth and a 1×1 convolution (SPD-Conv).
  case spd
}

/// What a network's blocks are made of.
public struct NetworkStyle: Sendable {
  /// The convolutions.
  public var convolution: any ConvolutionVariant
  /// How stages halve the resolution.
  public var downsampling: any DownsamplingVariant
  /// The normalisation.
  public var normalization: any NormalizationLayer
  /// The non-linearity.
  public var activation: Activation.Function
  /// The block between the last stage and the head.
  public var fusion: (any FusionVariant)?
  /// The rate of the dropout in front of the last layer.
  public var dropout: Double
  /// The first layers; nil for the architecture's default.
  public var stem: Stem?

  /// Takes over a configuration's choices.
  public init(_ configuration: ModelConfiguration) {
    convolution = configuration.convolution.component
    downsampling = configuration.downsampling.component
    normalization = configuration.normalization.component
    activation = configuration.activation
    fusion = configuration.fusion?.component
    dropout = configuration.dropout
    stem = configuration.stem
  }
}

/// The pieces that architectures are put together from, in the style of a configuration.
public struct NetworkBuilder {
  /// What blocks are made of.
  public let style: NetworkStyle
  /// Where the network is built.
  public let context: ModelContext
  /// The number of classes.
  public let classCount: Int

  /// Creates a builder.
  public init(style: NetworkStyle, context: ModelContext, classCount: Int) throws {
    self.style = style
    self.context = context
    self.classCount = classCount
  }

  /// Builds something inside a layer's name.
  public func scope<R>(_ name: String, _ body: () throws -> R) rethrows -> R { try context.scope(name, body) }

  /// A convolution of a block's main path, in the configured variant.
  public func convolution(_ x: Tensor, _ name: String, _ convolution: Convolution) throws -> Tensor {
    try style.convolution.layer(replacing: convolution)(x, name, in: context)
  }

  /// A convolution that halves the resolution, in the configured way.
  public func reducingConvolution(_ x: Tensor, _ name: String, channels: Int, kernelSize: Int) throws -> Tensor {
    let convolution = Convolution(
      outputChannels: channels, kernelSize: kernelSize, stride: style.downsampling.convolutionStride)
    return try style.downsampling.afterConvolution(self.convolution(x, name, convolution), in: context)
  }

  /// A 1×1 convolution and a normalisation that fit a shortcut to its block: names `downsample.0` and `downsample.1`.
  public func projection(_ x: Tensor, channels: Int, halves: Bool) throws -> Tensor {
    try scope("downsample") {
      let input = halves ? try style.downsampling.beforeProjection(x, in: context) : x
      let convolution = Convolution(
        outputChannels: channels, kernelSize: 1, stride: halves ? style.downsampling.convolutionStride : 1)
      return try normalization(outerConvolution(input, "0", convolution), "1")
    }
  }

  /// The normalisation.
  public func normalization(_ x: Tensor, _ name: String) throws -> Tensor {
    try style.normalization(x, name, in: context)
  }

  /// The non-linearity.
  public func activation(_ x: Tensor) throws -> Tensor { try x.activated(style.activation) }

  /// The first layers, named `conv1` and `bn1`.
  ///
  /// - Parameters:
  ///   - default: the architecture's own stem.
  ///   - channels: the channels of the result.
  public func stem(_ images: Tensor, default: Stem, channels: Int) throws -> Tensor {
    try context.tagged("stem") {
      func normalized(_ x: Tensor, _ convolution: Convolution) throws -> Tensor {
        try activation(normalization(outerConvolution(x, "conv1", convolution), "bn1"))
      }
      switch style.stem ?? style.downsampling.stem(for: `default`) {
      case .cifar: return try normalized(images, Convolution(outputChannels: channels, kernelSize: 3))
      case .imagenet:
        let x = try normalized(images, Convolution(outputChannels: channels, kernelSize: 7, stride: 2))
        return try Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, padding: 1))(x, in: context)
      case .spd:
        return try normalized(
          SpaceToDepth(scale: 2)(images, in: context), Convolution(outputChannels: channels, kernelSize: 1))
      }
    }
  }

  /// The last layers: the fusion block and the non-linearity where one is configured, the mean of each channel, dropout,
  /// and the linear layer `fc`.
  public func head(_ features: Tensor) throws -> Tensor {
    var x = features
    if let fusion = style.fusion {
      // No normalisation: the block's convolutions have biases, which one would cancel.
      x = try activation(fusion.layer(outputChannels: x.shape[1])(x, "fusion", in: context))
    }
    x = try GlobalAveragePool()(x, in: context)
    x = try DropoutLayer(rate: style.dropout)(x, "dropout", in: context)
    return try context.tagged("head") { try Linear(outputFeatures: classCount)(x, "fc", in: context) }
  }

  /// A convolution of a stem or a shortcut: static unless the variant is for those, too.
  private func outerConvolution(_ x: Tensor, _ name: String, _ convolution: Convolution) throws -> Tensor {
    let layer = style.convolution.isEverywhere ? style.convolution.layer(replacing: convolution) : convolution
    return try layer(x, name, in: context)
  }
}
