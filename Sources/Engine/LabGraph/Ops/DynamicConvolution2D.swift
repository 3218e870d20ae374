import LabCore

/// The attentions that modulate a dynamic convolution's weights, in the order in which they are passed.
public struct DynamicAttentions: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Weights of the K kernels, `[N, K]`.
  public static let kernel = DynamicAttentions(rawValue: 1)
  /// Weights of the window's taps, `[N, kh·kw]`.
  public static let spatial = DynamicAttentions(rawValue: 2)
  /// Weights of the input channels, `[N, I]`.
  public static let channel = DynamicAttentions(rawValue: 4)
  /// Weights of the filters, `[N, O]`.
  public static let filter = DynamicAttentions(rawValue: 8)

  /// The attentions that are present, in passing order.
  public var list: [DynamicAttentions] {
    [.kernel, .spatial, .channel, .filter].filter(contains)
  }

  /// The number of weights a sample of one attention.
  func width(of attention: DynamicAttentions, kernels: Shape, groups: Int) -> Int {
    switch attention {
    case .kernel: kernels[0]
    case .spatial: kernels[3] * kernels[4]
    case .channel: kernels[2] * groups
    default: kernels[1]
    }
  }
}

/// A convolution whose weights are made for each sample from K kernels and up to four attentions:
/// `y_n = filter_n ⊙ conv(channel_n ⊙ x_n, Σ_k kernel_{n,k} · spatial_n ⊙ W_k)`.
///
/// An absent attention counts as 1. ODConv, CondConv and DyConv are built from this one operation.
///
/// ## Shapes
/// - `x`: `[N, I, H, W]` f32; `kernels`: `[K, O, I/groups, kh, kw]`; then the present attentions in the order of
///   ``DynamicAttentions/list``; result `[N, O, H', W']`.
/// - Source: Li, Zhou, Yao, "Omni-dimensional dynamic convolution", ICLR 2022, arXiv 2209.07947.
public struct DynamicConvolution2D: Operation {
  public static let name = "dynamic_conv2d"
  /// How the window slides.
  public var geometry: ConvolutionGeometry
  /// The attentions that are passed.
  public var attentions: DynamicAttentions

  /// Creates the operation.
  public init(_ geometry: ConvolutionGeometry, attentions: DynamicAttentions) {
    self.geometry = geometry
    self.attentions = attentions
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    let present = attentions.list
    guard inputs.count == 2 + present.count, inputs.allSatisfy({ $0.element == .float32 }), inputs[1].shape.rank == 5,
      inputs[0].shape.rank == 4,
      let output = geometry.outputShape(
        image: inputs[0].shape, kernel: Shape(Array(inputs[1].shape.dimensions.dropFirst()))),
      attentions.contains(.kernel) || inputs[1].shape[0] == 1,
      zip(present, inputs.dropFirst(2)).allSatisfy({
        $1.shape == [output[0], attentions.width(of: $0, kernels: inputs[1].shape, groups: geometry.groups)]
      })
    else {
      throw shapeError(
        expected: "an image [N, I, H, W], kernels [K, O, I/\(geometry.groups), kh, kw] (K = 1 without kernel "
          + "attention) and attentions [N, …] for \(present.count) of kernel, spatial, channel, filter", actual: inputs)
    }
    return [TensorType(output)]
  }

  /// One convolution a sample, the making of its weights, and the pooling that its attentions are computed from.
  ///
  /// The weights cost, each, a multiplication for the product of the spatial, channel and filter attentions and one
  /// that applies it; with kernel attention the latter becomes two a kernel. Kernel attention alone costs one
  /// multiply-add a kernel. The pooling counts one addition an input channel and output position. Counted this way, with
  /// every convolution of a network dynamic, the totals are those that the paper prints for ResNets and MobileNetV2.
  public func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int {
    let (image, kernels, output) = (inputs[0].shape, inputs[1].shape, outputs[0].shape)
    let convolution = output.elementCount * kernels[2] * kernels[3] * kernels[4]
    guard !attentions.isEmpty else { return convolution }
    let modulates = !attentions.isDisjoint(with: [.spatial, .channel, .filter])
    let multiplicationsPerWeight =
      switch (modulates, attentions.contains(.kernel)) {
      case (true, true): 1 + 2 * kernels[0]
      case (true, false): 2
      case (false, _): kernels[0]
      }
    let weights = image[0] * (kernels.elementCount / kernels[0]) * multiplicationsPerWeight
    return convolution + weights + image[0] * image[1] * output[2] * output[3]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    let operation = DynamicConvolution2DGradient(
      geometry, attentions: attentions, needsInputGradient: context.needsGradient[0])
    let results = try context.builder.apply(operation, [context.outputGradient] + context.inputs)
    // The first result stands for the image only where that gradient is asked for.
    return context.needsGradient[0] ? results : [nil] + results
  }
}

/// The gradients of a dynamic convolution's operands, computed together because they share each sample's weights.
///
/// ## Shapes
/// - operands: `upstream` `[N, O, H', W']`, then the forward operation's operands; results: the gradients of the
///   image (where asked for), the kernels, and the present attentions.
public struct DynamicConvolution2DGradient: Operation {
  public static let name = "dynamic_conv2d_gradient"
  /// The forward operation's geometry.
  public var geometry: ConvolutionGeometry
  /// The attentions that were passed.
  public var attentions: DynamicAttentions
  /// Whether the image's gradient is the first result.
  public var needsInputGradient: Bool

  /// Creates the operation.
  public init(_ geometry: ConvolutionGeometry, attentions: DynamicAttentions, needsInputGradient: Bool) {
    self.geometry = geometry
    self.attentions = attentions
    self.needsInputGradient = needsInputGradient
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    let operands = Array(inputs.dropFirst())
    let forward = DynamicConvolution2D(geometry, attentions: attentions)
    guard inputs.count == 3 + attentions.list.count, try forward.outputTypes(for: operands)[0] == inputs[0] else {
      throw shapeError(expected: "an upstream gradient and the forward operands", actual: inputs)
    }
    return needsInputGradient ? operands : Array(operands.dropFirst())
  }

  public func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int {
    let kernels = inputs[2].shape
    return (needsInputGradient ? 2 : 1) * inputs[0].shape.elementCount * kernels[2] * kernels[3] * kernels[4]
  }
}
