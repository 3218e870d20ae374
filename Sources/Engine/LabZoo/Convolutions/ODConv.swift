import LabCore
import LabGraph
import LabNN

/// Omni-dimensional dynamic convolution: attentions over kernels, taps, input channels and filters.
///
/// `y = filter ⊙ conv(channel ⊙ x, Σₖ kernelₖ · spatial ⊙ Wₖ)` with attentions computed from the input's channel
/// means. Attentions that would do nothing, or nothing new, are left out: over kernels for one kernel, over taps for
/// 1×1 windows, over filters for depth-wise convolutions.
///
/// Parameters as in the authors' code: `weight`, `attention.fc.weight`, `attention.bn.*`, and weight and bias of
/// `attention.channel_fc`, `filter_fc`, `spatial_fc`, `kernel_fc`, all of them 1×1 kernels.
///
/// - Source: Li, Zhou, Yao, "Omni-dimensional dynamic convolution", ICLR 2022, arXiv 2209.07947.
public struct ODConv: DynamicConvolutionVariant {
  public var kernels: Int
  /// The width of the attentions' hidden layer as a share of the input channels.
  public var reduction: Double
  /// The least width of the hidden layer.
  public var minimumHidden: Int
  /// The temperature of the first step.
  public var temperature: Double
  /// The number of epochs until the temperature is 1; nil where ``temperatureShare`` says it, or for no descent.
  public var temperatureEpochs: Double?
  /// The share of the training until the temperature is 1, instead of epochs.
  public var temperatureShare: Double?
  public var isEverywhere: Bool

  /// Creates the variant.
  public init(
    kernels: Int, reduction: Double = 1 / 16, minimumHidden: Int = 16,
    temperature: TemperatureAnnealing = TemperatureAnnealing(), isEverywhere: Bool = false
  ) {
    self.kernels = kernels
    self.reduction = reduction
    self.minimumHidden = minimumHidden
    self.temperature = temperature.initial
    switch temperature.length {
    case .epochs(let count): temperatureEpochs = count
    case .share(let share): temperatureShare = share
    }
    self.isEverywhere = isEverywhere
  }

  /// Creates the variant with four kernels.
  public init() { self.init(kernels: 4) }

  enum CodingKeys: String, CodingKey {
    case kernels, reduction, temperature
    case minimumHidden = "minimum_hidden"
    case temperatureEpochs = "temperature_epochs"
    case temperatureShare = "temperature_share"
    case isEverywhere = "everywhere"
  }

  public static let variant = ConfigurationSchema.Variant(
    "odconv", "Omni-dimensional dynamic convolution: attentions over kernels, taps, channels and filters.",
    options: ConfigurationSchema(
      [
        .kernels(default: Self().kernels),
        .init(
          "reduction", .number(.init(0, 1, includesMinimum: false)), default: .number(Self().reduction),
          "The width of the attentions' hidden layer as a share of the input channels."),
        .init(
          "minimum_hidden", .integer(1...4096), default: .integer(Self().minimumHidden),
          "The least width of the hidden layer."),
        .temperature, .temperatureEpochs, .temperatureShare, .everywhere,
      ], alternatives: [["temperature_epochs", "temperature_share"]]),
    aliases: ["odconv-1x": ["kernels": 1], "odconv-2x": ["kernels": 2], "odconv-4x": ["kernels": 4]])

  public func attentions(
    of x: Tensor, for convolution: Convolution, in context: ModelContext
  ) throws -> [DynamicAttentions: Tensor] {
    try context.scope("attention") {
      let channels = x.shape[1]
      let hidden = max(Int(Double(channels) * reduction), minimumHidden)
      let pooled = try GlobalAveragePool()(x, in: context)
      let reduced = try fullyConnected(hidden, hasBias: false)(pooled, "fc", in: context)
      let z = try BatchNorm()(reduced, "bn", in: context).activated(.relu)

      func logits(_ name: String, _ width: Int) throws -> Tensor {
        try fullyConnected(width, hasBias: true)(z, name, in: context)
          .dividedByTemperature(temperature, epochs: temperatureEpochs, share: temperatureShare, in: context)
      }
      var attentions = [DynamicAttentions.channel: try logits("channel_fc", channels).activated(.sigmoid)]
      let isDepthwise = convolution.geometry.groups == channels && convolution.outputChannels == channels
      if !isDepthwise {
        attentions[.filter] = try logits("filter_fc", convolution.outputChannels).activated(.sigmoid)
      }
      let taps = convolution.kernelSize.height * convolution.kernelSize.width
      if taps > 1 { attentions[.spatial] = try logits("spatial_fc", taps).activated(.sigmoid) }
      if kernels > 1 { attentions[.kernel] = try logits("kernel_fc", kernels).softmax() }
      return attentions
    }
  }

  private func fullyConnected(_ width: Int, hasBias: Bool) -> Linear {
    Linear(
      outputFeatures: width, hasBias: hasBias, initialization: .kaimingNormal, isPointwiseConvolution: true)
  }
}

extension Tensor {
  /// Attention logits divided by the temperature of the step.
  ///
  /// - Parameters:
  ///   - initial: the temperature of the first step.
  ///   - epochs: the length of its descent in epochs; nil where the share says it, or for a temperature of 1.
  ///   - share: the length of its descent as a share of the training.
  func dividedByTemperature(
    _ initial: Double, epochs: Double?, share: Double?, in context: ModelContext
  ) throws -> Tensor {
    let length = share.map(TemperatureAnnealing.Length.share) ?? .epochs(epochs ?? 0)
    let annealing = TemperatureAnnealing(initial: initial, length: length)
    return annealing.isAlwaysOne ? self : try divided(by: context.scalar(annealing))
  }
}
