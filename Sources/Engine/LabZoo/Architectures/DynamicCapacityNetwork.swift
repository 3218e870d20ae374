import LabCore
import LabGraph
import LabNN

/// A dynamic capacity network: coarse layers see the whole image, fine layers only the places that matter.
///
/// The coarse features are classified, and the entropy of that prediction is differentiated: the places with the largest
/// gradients are those whose features the decision depends on. There, and nowhere else, the fine layers look at a patch
/// of the image, and their features take the place of the coarse ones. Both predictions share the top layers. The
/// selection is hard, so no gradient flows through it; `coarse_weight` of the coarse prediction's loss keeps it useful.
///
/// Parameters: `coarse.0.conv`, `coarse.0.bn`, …, `fine.0.conv`, …, `top.conv`, `fc`.
///
/// - Source: Almahairi et al., "Dynamic capacity networks", ICML 2016, arXiv 1511.07838.
public struct DynamicCapacityNetwork: Architecture {
  /// The number of places that the fine layers look at.
  public var patches: Int
  /// How far a patch reaches beyond its place, in places: 1 for patches of 3×3 places.
  public var margin: Int
  /// The share of the coarse prediction's loss in training.
  public var coarseWeight: Double

  /// Creates the architecture.
  public init(patches: Int, margin: Int = 1, coarseWeight: Double = 0.3) {
    self.patches = patches
    self.margin = margin
    self.coarseWeight = coarseWeight
  }

  /// Creates the architecture with eight patches.
  public init() { self.init(patches: 8) }

  enum CodingKeys: String, CodingKey {
    case patches, margin
    case coarseWeight = "coarse_weight"
  }

  public static let variant = ConfigurationSchema.Variant(
    "dynamic-capacity", "Coarse layers see the whole image, fine layers the places that matter; width 24.",
    options: ConfigurationSchema([
      .init(
        "patches", .integer(1...256), default: .integer(Self().patches),
        "The number of places that the fine layers look at."),
      .init(
        "margin", .integer(0...4), default: .integer(Self().margin),
        "How far a patch reaches beyond its place of 4×4 pixels, in places."),
      .init(
        "coarse_weight", .number(.unit), default: .number(Self().coarseWeight),
        "The share of the coarse prediction's loss in training."),
    ]))

  public static let members = [ZooMember.cifar("dynamic-capacity", ["architecture": "dynamic-capacity"])]

  public static let miniature = ZooMember.miniature(
    ["architecture": ["name": "dynamic-capacity", "patches": 2], "width": 2])

  /// The pixels of a place along an axis.
  private static let place = 4

  public func logits(_ images: Tensor, depth: Int?, width: Int?, network: NetworkBuilder) throws -> Tensor {
    try refuseDepth(depth)
    let (height, columns) = (images.shape[2] / Self.place, images.shape[3] / Self.place)
    guard images.shape[2] % Self.place == 0, images.shape[3] % Self.place == 0, height * columns >= patches else {
      throw GraphError.shape(
        operation: Self.variant.name, path: network.context.builder.path,
        expected: "images whose extents divide by \(Self.place), with at least \(patches) places of "
          + "\(Self.place)×\(Self.place) pixels", actual: images.type.description)
    }
    let width = width ?? 24
    let coarse = try layers(images, "coarse", [(width, 3, 2), (2 * width, 3, 2)], network: network.stage(1))
    guard (coarse.shape[2], coarse.shape[3]) == (height, columns) else {
      throw ModelError.option(
        subject: "downsample", problem: "the architecture \(Self.variant.name) needs one feature a place")
    }
    let top = try TopLayers(channels: coarse.shape[1], network: network)
    let first = try top(coarse)
    network.context.addAuxiliary(first.logits, weight: Float(coarseWeight))

    let selection = try top.saliency(of: first).topPositions(patches)
    let patchImages = try self.patchImages(images, selection: selection)
    let inner = try layers(
      patchImages, "fine", [(width, 3, 1), (2 * width, 3, 2), (coarse.shape[1], 3, 1)], network: network.stage(2))
    let fine = try GlobalAveragePool()(inner, in: network.context)
      .reshaped(to: [images.shape[0], patches, coarse.shape[1]])

    // Fine features at the chosen places, coarse ones elsewhere.
    let scattered = try images.builder.apply(
      MatrixProduct(transposesLeft: true), fine, selection
    ).reshaped(to: coarse.shape)
    let isCoarse = try selection.sum(1).affine(-1, offset: 1).reshaped(to: [images.shape[0], 1, height, columns])
    return try top(coarse.multiplied(by: isCoarse).adding(scattered), isLast: true).logits
  }

  /// Convolutions with normalisation and non-linearity: channels, window, stride.
  private func layers(
    _ x: Tensor, _ name: String, _ convolutions: [(Int, Int, Int)], network: NetworkBuilder
  ) throws -> Tensor {
    var x = x
    for (index, (channels, size, stride)) in convolutions.enumerated() {
      x = try network.scope("\(name).\(index)") {
        try network.attention(
          network.unit(
            x, UnitNames("conv", "bn"), Convolution(outputChannels: channels, kernelSize: size, stride: stride)))
      }
    }
    return x
  }

  /// The image around each chosen place: `[N · patches, C, extent, extent]`.
  private func patchImages(_ images: Tensor, selection: Tensor) throws -> Tensor {
    let (batch, border) = (images.shape[0], margin * Self.place)
    let builder = images.builder
    var padded = images
    for axis in [2, 3] where border > 0 {
      padded = try builder.apply(Pad(axis: axis, before: border, after: border), padded)
    }
    let tiles = try builder.apply(SpaceToDepth(scale: Self.place), padded)
    let (height, width) = (images.shape[2] / Self.place, images.shape[3] / Self.place)
    let rows = try (0...2 * margin).map { row in
      let columns = try (0...2 * margin).map { column in
        let shifted = try tiles.slice(axis: 2, start: row, count: height).slice(axis: 3, start: column, count: width)
          .reshaped(to: [batch, tiles.shape[1], height * width])
        return try builder.apply(MatrixProduct(transposesRight: true), selection, shifted)
          .reshaped(to: [batch * patches, tiles.shape[1], 1, 1])
      }
      return try Tensor.concatenated(columns, axis: 3)
    }
    return try builder.apply(DepthToSpace(scale: Self.place), Tensor.concatenated(rows, axis: 2))
  }
}

/// The layers that classify features, coarse or fine: their parameters are declared once and used twice.
private struct TopLayers {
  /// What one use of the layers computes.
  struct Prediction {
    var hidden: Tensor
    var logits: Tensor
  }

  let network: NetworkBuilder
  private let kernel: Tensor
  private let shift: Tensor
  private let classifier: Tensor
  private let bias: Tensor

  init(channels: Int, network: NetworkBuilder) throws {
    self.network = network
    let context = network.context
    let shape: Shape = [channels, channels, 1, 1]
    (kernel, shift) = try context.scope("top.conv") {
      (
        try context.parameter("weight", shape, .kaimingNormal(shape)),
        try context.parameter("bias", [channels], .zeros, category: .bias)
      )
    }
    let matrix: Shape = [network.classCount, channels]
    (classifier, bias) = try context.tagged("head") {
      try context.scope("fc") {
        (
          try context.parameter("weight", matrix, .torchDefault(matrix)),
          try context.parameter("bias", [network.classCount], .torchDefault(matrix), category: .bias)
        )
      }
    }
  }

  func callAsFunction(_ features: Tensor, isLast: Bool = false) throws -> Prediction {
    let fused = isLast ? try network.fusion(features) : features
    let convolved = try features.builder.apply(
      Convolution2D(ConvolutionGeometry(stride: 1, padding: 0)), fused, kernel, shift)
    let hidden = try convolved.activated(.relu)
    var pooled = try hidden.mean(2, 3)
    if isLast { pooled = try network.dropout(pooled) }
    return Prediction(hidden: hidden, logits: try pooled.multiplied(byTransposed: classifier).adding(bias))
  }

  /// For each place the squared gradient of the prediction's entropy with respect to its features: `[N, places]`.
  func saliency(of prediction: Prediction) throws -> Tensor {
    let hidden = prediction.hidden
    let (batch, channels, places) = (hidden.shape[0], hidden.shape[1], hidden.shape[2] * hidden.shape[3])
    let probabilities = try prediction.logits.softmax()
    // ∂H/∂o = −p ⊙ (log p + H); the small number keeps the logarithm of what is certain finite.
    let logarithms = try hidden.builder.apply(Unary(.logarithm), probabilities.affine(1, offset: 1e-12))
    let entropy = try probabilities.multiplied(by: logarithms).sum(1).affine(-1).reshaped(to: [batch, 1])
    let slopes = try probabilities.multiplied(by: logarithms.adding(entropy)).affine(-1)
    let pooledSlopes = try hidden.builder.apply(MatrixProduct(), slopes, classifier).affine(1 / Float(places))
    let spread = try hidden.builder.apply(Broadcast(to: hidden.shape, axes: [2, 3]), pooledSlopes)
    let beforeActivation = try hidden.builder.apply(ActivationGradient(.relu), spread, hidden)
    let transposed = try hidden.builder.apply(
      Permute([1, 0]), kernel.reshaped(to: [channels, channels])
    ).reshaped(to: [channels, channels, 1, 1])
    let gradient = try hidden.builder.apply(
      Convolution2D(ConvolutionGeometry(stride: 1, padding: 0)), beforeActivation, transposed)
    return try hidden.builder.apply(Unary(.square), gradient).sum(1).reshaped(to: [batch, places])
  }
}

extension Tensor {
  /// Rows that select the largest numbers of each row: `[N, count, P]`.
  fileprivate func topPositions(_ count: Int) throws -> Tensor { try builder.apply(TopPositions(count: count), self) }
}
