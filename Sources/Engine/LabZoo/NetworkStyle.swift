import LabCore
import LabGraph
import LabNN

/// The first layers of a network.
public enum Stem: String, Sendable, Codable, CaseIterable {
  /// A 3×3 convolution, for images of a few dozen pixels.
  case cifar
  /// The architecture's own for large images: a convolution with stride 2, mostly with a pooling behind it.
  case imagenet
  /// Space-to-depth and a 1×1 convolution (SPD-Conv).
  case spd
}

/// What an architecture is made of where a configuration does not say otherwise.
public struct NetworkDefaults: Sendable {
  /// The non-linearity.
  public var activation: Activation.Function
  /// The normalisation; nil for none.
  public var normalization: (any NormalizationLayer)?
  /// The attention block; nil for none.
  public var attention: (any AttentionVariant)?
  /// The rate of the dropout.
  public var dropout: Double

  /// Creates defaults: those of a residual network unless given.
  public init(
    activation: Activation.Function = .relu, normalization: (any NormalizationLayer)? = BatchNorm(),
    attention: (any AttentionVariant)? = nil, dropout: Double = 0
  ) {
    self.activation = activation
    self.normalization = normalization
    self.attention = attention
    self.dropout = dropout
  }
}

/// What a network's blocks are made of: a configuration's choices over an architecture's defaults.
public struct NetworkStyle: Sendable {
  /// The convolutions.
  public var convolution: any ConvolutionVariant
  /// How stages halve the resolution.
  public var downsampling: any DownsamplingVariant
  /// The normalisation; nil for none.
  public var normalization: (any NormalizationLayer)?
  /// The non-linearity.
  public var activation: Activation.Function
  /// The attention block; nil for none.
  public var attention: (any AttentionVariant)?
  /// The block between the last stage and the head.
  public var fusion: (any FusionVariant)?
  /// The rate of the dropout.
  public var dropout: Double
  /// The first layers; nil for the architecture's default.
  public var stem: Stem?

  /// Takes over a configuration's choices.
  public init(_ configuration: ModelConfiguration) {
    let defaults = configuration.architecture.component.defaults
    convolution = configuration.convolution.component
    downsampling = configuration.downsampling.component
    normalization = configuration.normalization?.component ?? defaults.normalization
    activation = configuration.activation ?? defaults.activation
    attention = configuration.attention?.component ?? defaults.attention
    fusion = configuration.fusion?.component
    dropout = configuration.dropout ?? defaults.dropout
    stem = configuration.stem
  }
}
