import LabCore
import LabGraph
import LabNN

/// The pieces that architectures are put together from, in the style of a configuration.
///
/// Architectures state the convolutions, poolings and names of the original; the builder puts the configured variants
/// in their place. A convolution or pooling with stride 2 is one that halves the resolution.
public struct NetworkBuilder {
  /// What blocks are made of.
  public internal(set) var style: NetworkStyle
  /// Where the network is built.
  public let context: ModelContext
  /// The number of classes.
  public let classCount: Int
  /// The number of the stage that is being built, from 1; 0 outside of stages.
  public private(set) var stageNumber = 0
  private let use: OptionUse

  /// Creates a builder.
  public init(style: NetworkStyle, context: ModelContext, classCount: Int, use: OptionUse = OptionUse()) {
    self.style = style
    self.context = context
    self.classCount = classCount
    self.use = use
  }

  /// Builds something inside a layer's name.
  public func scope<R>(_ name: String, _ body: () throws -> R) rethrows -> R { try context.scope(name, body) }

  /// The builder of a stage, to which attention blocks can be confined.
  public func stage(_ number: Int) -> NetworkBuilder {
    var builder = self
    builder.stageNumber = number
    return builder
  }

  /// How the resolution is halved here: as is configured, or by strides where that is for other stages.
  public var downsampling: any DownsamplingVariant {
    use.noteHalving(ofStage: stageNumber)
    let configured = style.downsampling
    guard configured.stages?.contains(stageNumber) ?? true else { return StridedDownsampling() }
    use.insert(.downsampling)
    return configured.joinsHalvings ? configured.reducing(by: use.factor(ofStage: stageNumber)) : configured
  }

  /// The result of a reduction, with its channels brought back where the variant does so.
  private func restored(
    _ x: Tensor, channels: Int, _ variant: any DownsamplingVariant,
    _ convolve: (Tensor, String, Convolution) throws -> Tensor
  ) throws -> Tensor {
    guard variant.restoresChannels, x.shape[1] != channels else { return x }
    use.noteEffect(of: .restoredChannels)
    return try convolve(x, "projection", Convolution(outputChannels: channels, kernelSize: 1))
  }

  // MARK: Convolutions

  /// A convolution of a block's main path, in the configured variant where that is for it.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, O, H′, W′]`, with O and the stride of the convolution.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func convolution(_ x: Tensor, _ name: String, _ convolution: Convolution) throws -> Tensor {
    let variant = style.convolution
    guard use.replaces(convolution, ofStage: stageNumber, variant.layers) else {
      return try convolution(x, name, in: context)
    }
    if stageNumber > 0, let dynamic = variant as? any DynamicConvolutionVariant, dynamic.attentionSharing == .stage {
      return try dynamic.layer(replacing: convolution, sharingInStage: stageNumber)(x, name, in: context)
    }
    return try variant.layer(replacing: convolution)(x, name, in: context)
  }

  /// A convolution of a stem or a shortcut: static unless the variant is for those, too.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, O, H′, W′]`, with O and the stride of the convolution.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func outerConvolution(_ x: Tensor, _ name: String, _ convolution: Convolution) throws -> Tensor {
    guard style.convolution.layers.isEverywhere else { return try convolution(x, name, in: context) }
    return try self.convolution(x, name, convolution)
  }

  /// A convolution, its normalisation, and the non-linearity.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result `[N, O, H′, W′]`, with O and the stride of the convolution.
  ///
  /// - Parameters:
  ///   - x: what comes in.
  ///   - names: the names of the convolution and its normalization.
  ///   - convolution: the convolution as the architecture's original has it.
  ///   - isOuter: whether the convolution belongs to a stem or a shortcut, which the papers on dynamic convolutions
  ///     leave static.
  ///   - activates: whether the non-linearity follows.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func unit(
    _ x: Tensor, _ names: UnitNames, _ convolution: Convolution, isOuter: Bool = false, activates: Bool = true
  ) throws -> Tensor {
    let halves = convolution.geometry.stride == Extent2D(2)
    var convolution = convolution
    let variant: any DownsamplingVariant = halves ? downsampling : StridedDownsampling()
    let convolve = isOuter ? outerConvolution : self.convolution
    var x = x
    if halves {
      convolution.geometry.stride = Extent2D(variant.convolutionStride)
      if !(variant is StridedDownsampling) { use.noteEffect(of: .order) }
      let before = try variant.beforeConvolution(x, groups: convolution.geometry.groups, in: context)
      x = try scope(names.convolution) { try restored(before, channels: x.shape[1], variant, convolve) }
    }
    func reduced(_ y: Tensor, _ reduction: (Tensor, ModelContext) throws -> Tensor) rethrows -> Tensor {
      halves ? try reduction(y, context) : y
    }
    func convolved(_ y: Tensor) throws -> Tensor {
      guard halves else { return y }
      let channels = convolution.outputChannels
      let after = try variant.afterConvolution(y, in: context)
      return try scope(names.convolution) { try restored(after, channels: channels, variant, convolve) }
    }
    var y: Tensor
    let isSpatial = convolution.kernelSize != Extent2D(1) && convolution.geometry.groups < convolution.outputChannels
    if activates, !isOuter, isSpatial,
      let attention = attention(as: (any ConvolutionAttention).self)
    {
      y = try convolved(scope(names.root) { try attention.convolved(x, convolution, network: self) })
    } else {
      y = try normalization(convolved(convolve(x, names.convolution, convolution)), names.normalization)
      if activates { y = try activation(y) }
    }
    return try reduced(y, variant.afterActivation)
  }

  /// A 1×1 convolution and a normalisation that fit a shortcut to its block: names `downsample.0` and `downsample.1`.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result `[N, channels, H′, W′]`, half as high and wide where it halves.
  ///
  /// - Parameters:
  ///   - x: what comes into the block.
  ///   - channels: the block's channels.
  ///   - halves: whether the block halves the resolution.
  ///   - poolsResolution: whether a mean of 2×2 pixels halves the resolution instead of a stride, as in ResNet-D; the
  ///     names then are `downsample.1` and `downsample.2`.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func projection(
    _ x: Tensor, channels: Int, halves: Bool, poolsResolution: Bool = false
  ) throws -> Tensor {
    try scope("downsample") {
      let variant: any DownsamplingVariant = halves ? downsampling : StridedDownsampling()
      var input = halves ? try variant.beforeProjection(x, in: context) : x
      var stride = halves ? variant.convolutionStride : 1
      if poolsResolution, stride == 2 {
        let geometry = PoolingGeometry(window: 2, roundsUp: true)
        input = try Pooling2D(.average(countsPadding: false), geometry)(x, in: context)
        stride = 1
      }
      let convolution = Convolution(outputChannels: channels, kernelSize: 1, stride: stride)
      let first = poolsResolution ? 1 : 0
      return try normalization(outerConvolution(input, "\(first)", convolution), "\(first + 1)")
    }
  }

  /// A 1×1 convolution without normalisation that fits a shortcut to its block.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, channels, H′, W′]`, half as high and wide where it halves.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func bareProjection(_ x: Tensor, _ name: String, channels: Int, halves: Bool) throws -> Tensor {
    let variant: any DownsamplingVariant = halves ? downsampling : StridedDownsampling()
    let input = halves ? try variant.beforeProjection(x, in: context) : x
    let stride = halves ? variant.convolutionStride : 1
    return try outerConvolution(
      input, name, Convolution(outputChannels: channels, kernelSize: 1, stride: stride))
  }

  /// A pooling that halves the resolution between stages.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, C, H′, W′]`, as the pooling says.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func pooling(_ x: Tensor, _ name: String, _ pooling: Pooling2D) throws -> Tensor {
    let variant = downsampling
    return try scope(name) {
      try restored(variant.pooled(x, pooling, in: context), channels: x.shape[1], variant, convolution)
    }
  }

  // MARK: Normalisation, non-linearity, attention

  /// The normalisation, where there is one.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: the same.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func normalization(_ x: Tensor, _ name: String) throws -> Tensor {
    guard let normalization = style.normalization else { return x }
    use.insert(.normalization)
    return try normalization(x, name, in: context)
  }

  /// The non-linearity.
  ///
  /// ## Shapes
  /// - any; result: the same.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func activation(_ x: Tensor) throws -> Tensor {
    use.insert(.activation)
    return try x.activated(style.activation)
  }

  /// The attention block at the end of a block's main path, named as timm does; nothing where there is none.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: the same.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func attention(_ x: Tensor, _ name: String = "se") throws -> Tensor {
    try attended(x, name, at: .block)
  }

  /// The attention block between two stages; nothing where there is none.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: the same.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func transition(_ x: Tensor) throws -> Tensor { try attended(x, "bam\(stageNumber)", at: .transition) }

  private func attended(_ x: Tensor, _ name: String, at site: FeatureAttentionSite) throws -> Tensor {
    guard let attention = attention(as: (any FeatureAttention).self, where: { $0.site == site }) else { return x }
    return try context.tagged("attention") { try scope(name) { try attention.refined(x, network: self) } }
  }

  /// The configured attention where it is of a kind and for this stage.
  private func attention<Kind>(as kind: Kind.Type, where isMeant: (Kind) -> Bool = { _ in true }) -> Kind? {
    guard let variant = style.attention, variant.stages?.contains(stageNumber) ?? true,
      let attention = variant as? Kind,
      isMeant(attention)
    else { return nil }
    use.insert(.attention)
    return attention
  }

  // MARK: Stem and head

  /// The first layers: a convolution with its normalisation and non-linearity, and a pooling.
  ///
  /// ## Shapes
  /// - `images`: `[N, C, H, W]`; result: `[N, O, H′, W′]`, with O of the convolution.
  ///
  /// - Parameters:
  ///   - images: the images.
  ///   - names: the names of the convolution and its normalization.
  ///   - default: the architecture's own stem.
  ///   - convolution: the convolution for large images; for small ones it is a 3×3 convolution without stride.
  ///   - pooling: the pooling for large images.
  ///   - activates: whether normalisation and non-linearity follow the convolution, or come with the first block.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func stem(
    _ images: Tensor, _ names: UnitNames = UnitNames("conv1", "bn1"), default: Stem, _ convolution: Convolution,
    pooling: Pooling2D? = nil, activates: Bool = true
  ) throws -> Tensor {
    try context.tagged("stem") {
      use.insert(.stem)
      func unit(_ x: Tensor, _ convolution: Convolution) throws -> Tensor {
        let y = try outerConvolution(x, names.convolution, convolution)
        return activates ? try activation(normalization(y, names.normalization)) : y
      }
      func plain(_ size: Int) -> Convolution {
        Convolution(
          outputChannels: convolution.outputChannels, kernelSize: size, hasBias: convolution.hasBias,
          initialization: convolution.initialization)
      }
      switch stem(`default`) {
      case .cifar: return try unit(images, plain(3))
      case .spd:
        let isJoined = style.stem == nil && pooling != nil && style.downsampling.joinsHalvings
        if isJoined { use.noteEffect(of: .joinedHalvings) }
        return try unit(SpaceToDepth(scale: isJoined ? 4 : 2)(images, in: context), plain(1))
      case .imagenet:
        let x = try unit(images, convolution)
        guard let pooling else { return x }
        return try downsampling.stemPooled(x, pooling, in: context)
      }
    }
  }

  /// The first layers of a residual network, named `conv1` and `bn1`.
  ///
  /// ## Shapes
  /// - `images`: `[N, C, H, W]`; result: `[N, width, H′, W′]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func stem(_ images: Tensor, width: Int, default: Stem, activates: Bool = true) throws -> Tensor {
    try stem(
      images, default: `default`, Convolution(outputChannels: width, kernelSize: 7, stride: 2),
      pooling: Pooling2D(.maximum, PoolingGeometry(window: 3, stride: 2, padding: 1)), activates: activates)
  }

  /// The stem that is built where the architecture's own is the given one.
  public func stem(_ default: Stem) -> Stem {
    use.insert(.stem)
    guard style.downsampling.stages?.contains(0) ?? true else { return style.stem ?? `default` }
    if style.stem == nil, style.downsampling.stem(for: `default`) != `default` {
      use.noteHalving(ofStage: 0)
      use.insert(.downsampling)
    }
    return style.stem ?? style.downsampling.stem(for: `default`)
  }

  /// The fusion block and its non-linearity behind the last stage, where one is configured.
  ///
  /// ## Shapes
  /// - `features`: `[N, C, H, W]`; result: the same.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func fusion(_ features: Tensor) throws -> Tensor {
    guard let fusion = style.fusion else { return features }
    use.insert(.fusion)
    // No normalisation: the block's convolutions have biases, which one would cancel.
    return try activation(fusion.layer(outputChannels: features.shape[1])(features, "fusion", in: context))
  }

  /// Dropout, under the name of its layer.
  ///
  /// ## Shapes
  /// - any; result: the same.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func dropout(_ x: Tensor, _ name: String = "dropout") throws -> Tensor {
    use.insert(.dropout)
    return try DropoutLayer(rate: style.dropout)(x, name, in: context)
  }

  /// The last layers: fusion, the mean of each channel, dropout, and a linear layer.
  ///
  /// ## Shapes
  /// - `features`: `[N, C, H, W]`; result: `[N, classes]`.
  ///
  /// - Parameters:
  ///   - features: what the last stage gives.
  ///   - name: the name of the linear layer.
  ///   - initialization: how its weights begin.
  ///   - hasDropout: whether there is dropout here, or elsewhere.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func head(
    _ features: Tensor, _ name: String = "fc", initialization: WeightInitialization = .torchDefault,
    hasDropout: Bool = true
  ) throws -> Tensor {
    let pooled = try GlobalAveragePool()(fusion(features), in: context)
    return try classifier(hasDropout ? dropout(pooled) : pooled, name, initialization: initialization)
  }

  /// The last linear layer.
  ///
  /// ## Shapes
  /// - `x`: `[N, C]`; result: `[N, classes]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func classifier(
    _ x: Tensor, _ name: String, initialization: WeightInitialization = .torchDefault
  ) throws -> Tensor {
    try context.tagged("head") {
      try Linear(outputFeatures: classCount, initialization: initialization)(x, name, in: context)
    }
  }
}

/// The names of a convolution and of the normalisation behind it.
public struct UnitNames: Hashable, Sendable {
  /// The convolution's name.
  public var convolution: String
  /// The normalisation's name.
  public var normalization: String
  /// The name of what takes the place of both.
  public var root: String

  /// Names side by side: `conv1` and `bn1`.
  public init(_ convolution: String, _ normalization: String) {
    self.convolution = convolution
    self.normalization = normalization
    root = convolution
  }

  /// Names inside a common one: `conv1.conv` and `conv1.bn`, or with others for the two parts.
  public init(in root: String, _ convolution: String = "conv", _ normalization: String = "bn") {
    self.convolution = "\(root).\(convolution)"
    self.normalization = "\(root).\(normalization)"
    self.root = root
  }
}
