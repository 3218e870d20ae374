import LabCore
import LabGraph
import LabNN

/// A convolution variant whose weights are made for each sample from several kernels and attentions.
public protocol DynamicConvolutionVariant: ConvolutionVariant {
  /// The number of kernels.
  var kernels: Int { get }

  /// The attentions of a batch.
  ///
  /// - Parameters:
  ///   - x: the convolution's input `[N, I, H, W]`.
  ///   - convolution: the static convolution whose place is taken.
  ///   - context: the model's context.
  /// - Returns: the present attentions `[N, …]`, as ``LabGraph/DynamicConvolution2D`` takes them.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  func attentions(
    of x: Tensor, for convolution: Convolution, in context: ModelContext
  ) throws -> [DynamicAttentions: Tensor]
}

extension DynamicConvolutionVariant {
  public func layer(replacing convolution: Convolution) -> any Layer {
    DynamicConvolution(variant: self, convolution: convolution)
  }
}

/// A dynamic convolution: parameter `weight` `[K, O, I/groups, kh, kw]`, those of its attentions, and, where the static
/// convolution has one, a static `bias`.
///
/// ## Shapes
/// - `x`: `[N, I, H, W]`; result `[N, O, H', W']`.
public struct DynamicConvolution<Variant: DynamicConvolutionVariant>: Layer, Hashable {
  /// What makes the attentions.
  public var variant: Variant
  /// The static convolution whose place is taken.
  public var convolution: Convolution

  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    let geometry = convolution.geometry
    guard x.shape.rank == 4, geometry.groups > 0, x.shape[1] % geometry.groups == 0 else {
      throw GraphError.shape(
        operation: DynamicConvolution2D.name, path: context.builder.path,
        expected: "an image whose channels divide by \(geometry.groups) groups", actual: x.type.description)
    }
    let kernel: Shape = [
      convolution.outputChannels, x.shape[1] / geometry.groups, convolution.kernelSize.height,
      convolution.kernelSize.width,
    ]
    let kernels = try context.parameter(
      "weight", Shape([variant.kernels] + kernel.dimensions), .kaimingNormal(kernel, fan: .output))
    let attentions = try context.tagged("attention") {
      try variant.attentions(of: x, for: convolution, in: context)
    }
    let present = attentions.keys.reduce(into: DynamicAttentions()) { $0.formUnion($1) }
    let output = try context.builder.apply(
      DynamicConvolution2D(geometry, attentions: present),
      [x, kernels] + present.list.compactMap { attentions[$0] })[0]
    guard convolution.hasBias else { return output }
    let bias = try context.parameter("bias", [convolution.outputChannels], .zeros, category: .bias)
    return try output.adding(bias.reshaped(to: [1, convolution.outputChannels, 1, 1]))
  }
}

extension ConfigurationSchema.Field {
  /// The number of kernels of a dynamic convolution.
  static func kernels(default count: Int) -> Self {
    .init("kernels", .integer(1...64), default: .integer(count), "The number of kernels that a sample's is made of.")
  }

  /// Whether a dynamic convolution also takes the place of stems and shortcuts.
  static let everywhere = Self(
    "everywhere", .boolean, default: false,
    "Whether the stem and the shortcuts' 1×1 convolutions are dynamic, too; the papers leave them static.")

  /// The temperature at the start of training.
  static let temperature = Self(
    "temperature", .number(.init(1)), default: .number(TemperatureAnnealing().initial),
    "The attentions' temperature at the start of training, from where it falls to 1.")

  /// The length of the temperature's descent.
  static let temperatureEpochs = Self(
    "temperature_epochs", .optional(.number(.nonNegative)), default: 10.0,
    "The number of epochs until the temperature is 1, whatever the training's length; 0 for a temperature of 1 throughout."
  )

  /// The length of the temperature's descent as a share of the training.
  static let temperatureShare = Self(
    "temperature_share", .optional(.number(.unit)), default: .null,
    "The share of the training until the temperature is 1, instead of epochs: 0.1 as in the papers' 10 of 100 epochs.")
}
