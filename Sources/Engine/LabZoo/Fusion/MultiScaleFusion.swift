import LabCore
import LabGraph
import LabNN

/// Multi-scale feature fusion: convolutions 1×1, 3×3, 5×5 and 7×7 side by side, and their results combined.
///
/// Parameters: weight and bias of `conv1x1`, `conv3x3`, `conv5x5`, `conv7x7`; for a weighted sum `branch_weights`
/// `[4]`, which start at 1; for concatenation weight and bias of `project`, a 1×1 convolution.
public struct MultiScaleFusion: FusionVariant {
  /// How the branches are combined.
  public enum Combination: String, Codable, Sendable, CaseIterable {
    case sum, weighted, concat
  }

  /// How the branches are combined.
  public var combine: Combination

  /// Creates the variant.
  public init(combine: Combination) { self.combine = combine }

  /// Creates the variant that adds the branches.
  public init() { self.init(combine: .sum) }

  public static let variant = ConfigurationSchema.Variant(
    "multiscale", "Convolutions 1×1, 3×3, 5×5 and 7×7 side by side, combined.",
    options: ConfigurationSchema([
      .init(
        "combine", .choice(Combination.allCases.map(\.rawValue)), default: .string(Self().combine.rawValue),
        "How the branches are combined: added, added with learned weights, or concatenated and projected.")
    ]),
    aliases: [
      "multiscale-sum": ["combine": "sum"], "multiscale-weighted": ["combine": "weighted"],
      "multiscale-concat": ["combine": "concat"],
    ])

  public func layer(outputChannels: Int) -> any Layer {
    MultiScaleFusionLayer(combine: combine, outputChannels: outputChannels)
  }
}

/// The block of ``MultiScaleFusion``.
///
/// ## Shapes
/// - `x`: `[N, I, H, W]`; result `[N, O, H, W]`.
public struct MultiScaleFusionLayer: Layer, Hashable {
  /// How the branches are combined.
  public var combine: MultiScaleFusion.Combination
  /// The number of filters of each branch and of the result.
  public var outputChannels: Int

  /// Creates the layer.
  public init(combine: MultiScaleFusion.Combination, outputChannels: Int) {
    self.combine = combine
    self.outputChannels = outputChannels
  }

  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    var branches = try [1, 3, 5, 7].map { size in
      try convolution(size)(x, "conv\(size)x\(size)", in: context)
    }
    switch combine {
    case .sum: break
    case .weighted:
      let weights = try context.parameter("branch_weights", [branches.count], .ones, category: .bias)
      branches = try branches.enumerated().map { index, branch in
        try branch.multiplied(by: weights.slice(axis: 0, start: index, count: 1))
      }
    case .concat:
      let joined = try context.builder.apply(Concatenation(axis: 1), branches)[0]
      return try convolution(1)(joined, "project", in: context)
    }
    return try branches.dropFirst().reduce(branches[0]) { try $0.adding($1) }
  }

  /// PyTorch's default initialisation keeps the variance of a sum of the four near that of the input.
  private func convolution(_ size: Int) -> Convolution {
    Convolution(
      outputChannels: outputChannels, kernelSize: size, hasBias: true, initialization: .torchDefault)
  }
}
