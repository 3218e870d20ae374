import LabCore
import LabGraph
import LabNN

/// Dynamic convolution: a softmax attention over kernels.
///
/// The attention is `softmax(fc2(ReLU(fc1(GAP(x)))) / T)`; `fc1` `[I·reduction, I, 1, 1]` has no bias, `fc2`
/// `[K, I·reduction, 1, 1]` has one, which is how the paper's "SE-like" branch is commonly written in PyTorch. The
/// hidden layer has a quarter of the input channels, rounded down and at least 1, as the paper's cost formula says.
/// The temperature falls as in the paper from 30 to 1 over the first 10 epochs, which are a tenth of the paper's training;
/// a shorter training may want a share instead.
///
/// Parameters: `weight` `[K, O, I/groups, kh, kw]`, `attention.fc1.weight`, and weight and bias of `attention.fc2`.
///
/// - Source: Chen et al., "Dynamic convolution: attention over convolution kernels", CVPR 2020, arXiv 1912.03458.
public struct DyConv: DynamicConvolutionVariant {
  public var kernels: Int
  /// The width of the attention's hidden layer as a share of the input channels.
  public var reduction: Double
  /// The temperature of the first step.
  public var temperature: Double
  /// The number of epochs until the temperature is 1; nil where ``temperatureShare`` says it, or for no descent.
  public var temperatureEpochs: Double?
  /// The share of the training until the temperature is 1, instead of epochs.
  public var temperatureShare: Double?
  public var isEverywhere: Bool

  /// Creates the variant.
  public init(
    kernels: Int, reduction: Double = 0.25, temperature: TemperatureAnnealing = TemperatureAnnealing(),
    isEverywhere: Bool = false
  ) {
    self.kernels = kernels
    self.reduction = reduction
    self.temperature = temperature.initial
    switch temperature.length {
    case .epochs(let count): temperatureEpochs = count
    case .share(let share): temperatureShare = share
    }
    self.isEverywhere = isEverywhere
  }

  /// Creates the variant with the paper's four kernels.
  public init() { self.init(kernels: 4) }

  enum CodingKeys: String, CodingKey {
    case kernels, reduction, temperature
    case temperatureEpochs = "temperature_epochs"
    case temperatureShare = "temperature_share"
    case isEverywhere = "everywhere"
  }

  public static let variant = ConfigurationSchema.Variant(
    "dyconv", "Dynamic convolution: a softmax attention over kernels.",
    options: ConfigurationSchema(
      [
        .kernels(default: Self().kernels),
        .init(
          "reduction", .number(.init(0, 1, includesMinimum: false)), default: .number(Self().reduction),
          "The width of the attention's hidden layer as a share of the input channels."),
        .temperature, .temperatureEpochs, .temperatureShare, .everywhere,
      ], alternatives: [["temperature_epochs", "temperature_share"]]),
    aliases: ["dyconv-4x": ["kernels": 4]])

  public func attentions(
    of x: Tensor, for convolution: Convolution, in context: ModelContext
  ) throws -> [DynamicAttentions: Tensor] {
    try context.scope("attention") {
      let hidden = max(Int(Double(x.shape[1]) * reduction), 1)
      let fc1 = Linear(
        outputFeatures: hidden, hasBias: false, initialization: .kaimingNormal, isPointwiseConvolution: true)
      let fc2 = Linear(outputFeatures: kernels, initialization: .kaimingNormal, isPointwiseConvolution: true)
      let z = try fc1(GlobalAveragePool()(x, in: context), "fc1", in: context).activated(.relu)
      let logits = try fc2(z, "fc2", in: context).dividedByTemperature(
        temperature, epochs: temperatureEpochs, share: temperatureShare, in: context)
      return [.kernel: try logits.softmax()]
    }
  }
}
