import LabCore
import LabGraph
import LabNN

/// Selective kernels: convolutions of different reach, and for each channel a choice between them.
///
/// A 3×3 and a 3×3 convolution with dilation 2 (in the place of 5×5), each with normalisation and non-linearity; a
/// softmax over the two for each channel, from the means of their sum. Further branches reach one pixel more each. As in
/// timm, each path can take an equal part of the input channels, which for two keeps the number of parameters. Parameters as
/// in timm: `paths.0.conv`, `paths.0.bn`, `paths.1.…`, `attn.fc_reduce`, `attn.bn`, `attn.fc_select`; those of `attn` are
/// absent where there is one branch, which leaves nothing to choose.
///
/// - Source: Li et al., "Selective kernel networks", CVPR 2019, arXiv 1903.06586.
public struct SelectiveKernel: ConvolutionAttention {
  /// How a branch reaches further than the one before.
  public enum Reach: String, Codable, Sendable, CaseIterable {
    /// 3×3 windows with more distance between their taps.
    case dilated
    /// Larger windows.
    case dense
  }

  /// The width of the hidden layer as a share of the channels.
  public var reduction: Double
  /// The number that the hidden width is a multiple of.
  public var divisor: Int
  /// Whether each path takes an equal part of the input channels.
  public var splitsInput: Bool
  /// The number of branches.
  public var branches = 2
  /// How a branch reaches further than the one before.
  public var reach = Reach.dilated
  /// What makes the choice of its logits.
  public var gate = AttentionGate.softmax
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
    case reduction, divisor, branches, reach, gate, stages
    case splitsInput = "split_input"
  }

  public static let variant = ConfigurationSchema.Variant(
    "sk", "Selective kernels: convolutions of different reach, and a choice between them for each channel.",
    options: ConfigurationSchema([
      .reduction(default: Self().reduction), .divisor(default: Self().divisor),
      .init(
        "split_input", .boolean, default: .boolean(Self().splitsInput),
        "Whether each path takes an equal part of the input channels."),
      ConfigurationSchema.Field(
        "branches", .integer(1...8), default: .integer(Self().branches),
        "The number of branches; with one, there is nothing to choose between."
      ).compared([1, 2, 4], off: 1),
      .init(
        "reach", .choice(Reach.allCases.map(\.rawValue)), default: .string(Self().reach.rawValue),
        "How a branch reaches further than the one before: 3×3 windows that are dilated, or dense ones of 5×5 and more."
      ),
      AttentionGate.field("gate", default: Self().gate, "What makes the choice between branches of its logits."),
      .stages,
    ]))

  public func convolved(_ x: Tensor, _ convolution: Convolution, network: NetworkBuilder) throws -> Tensor {
    try check()
    let (batch, channels) = (x.shape[0], convolution.outputChannels)
    guard !splitsInput || x.shape[1] % branches == 0 else {
      throw GraphError.shape(
        operation: "selective_kernel", path: network.context.builder.path,
        expected: (branches == 2 ? "an even number of channels" : "a number of channels that divides by \(branches)")
          + " for split_input", actual: x.type.description)
    }
    let inputs = splitsInput && branches > 1 ? try x.channelParts(branches) : (0..<branches).map { _ in x }
    let paths = try inputs.enumerated().map { index, input in
      try network.scope("paths.\(index)") {
        var path = convolution
        path.kernelSize = Extent2D(reach == .dense ? 3 + 2 * index : 3)
        path.geometry.padding = Extent2D(index + 1)
        path.geometry.dilation = Extent2D(reach == .dense ? 1 : index + 1)
        return try network.activation(network.normalization(network.convolution(input, "conv", path), "bn"))
      }
    }
    guard branches > 1 else { return paths[0] }
    let weights = try network.context.tagged("attention") {
      try network.scope("attn") {
        let hidden = multiple(of: divisor, near: Double(channels) * reduction)
        func layer(_ width: Int) -> Linear {
          Linear(outputFeatures: width, hasBias: false, initialization: .kaimingNormal, isPointwiseConvolution: true)
        }
        let pooled = try GlobalAveragePool()(Tensor.sum(paths), in: network.context)
        let reduced = try layer(hidden)(pooled, "fc_reduce", in: network.context)
        let z = try BatchNorm()(reduced, "bn", in: network.context).activated(.relu)
        return try layer(branches * channels)(z, "fc_select", in: network.context)
          .weights(ofParts: branches, by: gate, in: network.context)
      }
    }
    return try .sum(zip(paths, weights).map { try $0.multiplied(by: $1.reshaped(to: [batch, channels, 1, 1])) })
  }

  /// - Throws: ``LabNN/ModelError/option(subject:problem:)`` for options that have no effect.
  private func check() throws {
    guard branches == 1 else { return }
    let standard = Self()
    for (key, isStandard) in [("gate", gate == standard.gate), ("reach", reach == standard.reach)] where !isStandard {
      throw ModelError.option(
        subject: "attention.\(key)", problem: "there is one branch (\"branches\"), and nothing to choose; leave it out")
    }
  }
}

extension Tensor {
  /// Logits `[N, parts · C]` as weights of the parts for each channel: one `[N, C]` a part.
  ///
  /// They are marked as the attention of the current layer.
  func weights(ofParts parts: Int, by gate: AttentionGate, in context: ModelContext) throws -> [Tensor] {
    let (batch, channels) = (shape[0], shape[1] / parts)
    let rows = try builder.apply(Permute([0, 2, 1]), reshaped(to: [batch, parts, channels]))
    let weights = try context.attention(.branchAttention, gate(rows))
    return try (0..<parts).map {
      try weights.slice(axis: 2, start: $0, count: 1).reshaped(to: [batch, channels])
    }
  }

  /// The sum of tensors of one shape, at least one.
  static func sum(_ tensors: [Tensor]) throws -> Tensor {
    try tensors.dropFirst().reduce(tensors[0]) { try $0.adding($1) }
  }
}
