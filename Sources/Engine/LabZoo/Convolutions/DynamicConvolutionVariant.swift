import LabCore
import LabGraph
import LabNN

/// A convolution variant whose weights are made for each sample from several kernels and attentions.
public protocol DynamicConvolutionVariant: ConvolutionVariant {
  /// The number of kernels.
  var kernels: Int { get }

  /// Which layers have the weights of their attentions in common; each its own unless a variant says otherwise.
  var attentionSharing: AttentionSharing { get }

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
  public var attentionSharing: AttentionSharing { .layer }

  public func layer(replacing convolution: Convolution) -> any Layer {
    DynamicConvolution(variant: self, convolution: convolution)
  }

  /// The layer in a stage whose layers have attentions in common.
  func layer(replacing convolution: Convolution, sharingInStage stage: Int) -> any Layer {
    DynamicConvolution(variant: self, convolution: convolution, sharedStage: stage)
  }
}

/// A dynamic convolution: parameter `weight` `[K, O, I/groups, kh, kw]`, those of its attentions, and, where the static
/// convolution has one, a static `bias`.
///
/// Kernels without an attention over them are added; without any attention it is a static convolution by their sum.
///
/// ## Shapes
/// - `x`: `[N, I, H, W]`; result `[N, O, H', W']`.
public struct DynamicConvolution<Variant: DynamicConvolutionVariant>: Layer, Hashable {
  /// What makes the attentions.
  public var variant: Variant
  /// The static convolution whose place is taken.
  public var convolution: Convolution
  /// The number of the stage whose layers have the weights of their attentions in common; nil for a layer with its own.
  public var sharedStage: Int?

  private static var parts: [(DynamicAttentions, ModelPart.Kind)] {
    [
      (.kernel, .kernelAttention), (.spatial, .spatialAttention), (.channel, .channelAttention),
      (.filter, .filterAttention),
    ]
  }

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
    var kernels = try context.parameter(
      "weight", Shape([variant.kernels] + kernel.dimensions), .kaimingNormal(kernel, fan: .output))
    let attentions = try context.tagged("attention") {
      guard let sharedStage else { return try variant.attentions(of: x, for: convolution, in: context) }
      let place = AttentionSharing.Place(
        stage: sharedStage, inputChannels: x.shape[1], outputChannels: convolution.outputChannels,
        kernelSize: convolution.kernelSize, groups: geometry.groups)
      return try context.sharing(place) { try variant.attentions(of: x, for: convolution, in: context) }
    }
    for (kind, part) in Self.parts { if let weights = attentions[kind] { _ = context.attention(part, weights) } }
    let present = attentions.keys.reduce(into: DynamicAttentions()) { $0.formUnion($1) }
    if !present.contains(.kernel), variant.kernels > 1 {
      kernels = try kernels.sum(0).reshaped(to: Shape([1] + kernel.dimensions))
    }
    let output =
      present.isEmpty
      ? try context.builder.apply(Convolution2D(geometry), x, kernels.reshaped(to: kernel))
      : try context.builder.apply(
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
    Self("kernels", .integer(1...64), default: .integer(count), "The number of kernels that a sample's is made of.")
      .compared([1, 2, 4, 8], off: 1)
  }

  /// The width of the hidden layer of a dynamic convolution's attentions.
  static func attentionReduction(default share: Double) -> Self {
    Self(
      "reduction", .number(.init(0, 1, includesMinimum: false)), default: .number(share),
      "The width of the attentions' hidden layer as a share of the input channels."
    ).compared([0.25, 0.125, 0.0625, 0.03125])
  }
}
