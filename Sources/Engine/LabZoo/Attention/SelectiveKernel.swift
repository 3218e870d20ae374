import LabCore
import LabGraph
import LabNN

/// Selective kernels: two convolutions of different reach, and for each channel a choice between them.
///
/// A 3×3 and a 3×3 convolution with dilation 2 (in the place of 5×5), each with normalisation and non-linearity; a
/// softmax over the two for each channel, from the means of their sum. As in timm, each path can take half of the input
/// channels, which keeps the number of parameters. Parameters as in timm: `paths.0.conv`, `paths.0.bn`, `paths.1.…`,
/// `attn.fc_reduce`, `attn.bn`, `attn.fc_select`.
///
/// - Source: Li et al., "Selective kernel networks", CVPR 2019, arXiv 1903.06586.
public struct SelectiveKernel: ConvolutionAttention {
  /// The width of the hidden layer as a share of the channels.
  public var reduction: Double
  /// The number that the hidden width is a multiple of.
  public var divisor: Int
  /// Whether each path takes half of the input channels.
  public var splitsInput: Bool
  public var stages: [Int]?

  /// Creates the block.
  public init(reduction: Double, divisor: Int = 16, splitsInput: Bool = true, stages: [Int]? = nil) {
    self.reduction = reduction
    self.divisor = divisor
    self.splitsInput = splitsInput
    self.stages = stages
  }

  /// Creates the block of timm's `skresnet18`.
  public init() { self.init(reduction: 1 / 8) }

  enum CodingKeys: String, CodingKey {
    case reduction, divisor, stages
    case splitsInput = "split_input"
  }

  public static let variant = ConfigurationSchema.Variant(
    "sk", "Selective kernels: two convolutions of different reach, and a choice between them for each channel.",
    options: ConfigurationSchema([
      .reduction(default: Self().reduction), .divisor(default: Self().divisor),
      .init(
        "split_input", .boolean, default: .boolean(Self().splitsInput),
        "Whether each path takes half of the input channels."),
      .stages,
    ]))

  public func convolved(_ x: Tensor, _ convolution: Convolution, network: NetworkBuilder) throws -> Tensor {
    let (batch, channels) = (x.shape[0], convolution.outputChannels)
    guard !splitsInput || x.shape[1] % 2 == 0 else {
      throw GraphError.shape(
        operation: "selective_kernel", path: network.context.builder.path,
        expected: "an even number of channels for split_input", actual: x.type.description)
    }
    let inputs = splitsInput ? try x.channelParts(2) : [x, x]
    let paths = try inputs.enumerated().map { index, input in
      try network.scope("paths.\(index)") {
        var path = convolution
        path.kernelSize = Extent2D(3)
        path.geometry.padding = Extent2D(index + 1)
        path.geometry.dilation = Extent2D(index + 1)
        return try network.activation(network.normalization(network.convolution(input, "conv", path), "bn"))
      }
    }
    let weights = try network.context.tagged("attention") {
      try network.scope("attn") {
        let hidden = multiple(of: divisor, near: Double(channels) * reduction)
        func layer(_ width: Int) -> Linear {
          Linear(outputFeatures: width, hasBias: false, initialization: .kaimingNormal, isPointwiseConvolution: true)
        }
        let pooled = try GlobalAveragePool()(paths[0].adding(paths[1]), in: network.context)
        let reduced = try layer(hidden)(pooled, "fc_reduce", in: network.context)
        let z = try BatchNorm()(reduced, "bn", in: network.context).activated(.relu)
        return try layer(2 * channels)(z, "fc_select", in: network.context)
          .softmax(overParts: 2, in: network.context)
      }
    }
    let chosen = try zip(paths, weights).map { try $0.multiplied(by: $1.reshaped(to: [batch, channels, 1, 1])) }
    return try chosen[0].adding(chosen[1])
  }
}

extension Tensor {
  /// Logits `[N, parts · C]` as weights that sum to one over the parts: one `[N, C]` a part.
  ///
  /// They are marked as the attention of the current layer.
  func softmax(overParts parts: Int, in context: ModelContext) throws -> [Tensor] {
    let (batch, channels) = (shape[0], shape[1] / parts)
    let rows = try builder.apply(Permute([0, 2, 1]), reshaped(to: [batch, parts, channels]))
    let weights = try context.attention(.branchAttention, rows.softmax())
    return try (0..<parts).map {
      try weights.slice(axis: 2, start: $0, count: 1).reshaped(to: [batch, channels])
    }
  }
}
