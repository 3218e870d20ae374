import LabCore
import LabGraph
import LabNN

/// Multi-scale feature fusion: convolutions 1×1, 3×3, 5×5 and 7×7, or some of these, side by side, and their results
/// combined.
///
/// Parameters: weight and bias of `conv1x1`, `conv3x3`, `conv5x5`, `conv7x7`; for a weighted sum `branch_weights`, one a
/// branch, which start at 1; for concatenation weight and bias of `project`, a 1×1 convolution.
public struct MultiScaleFusion: FusionVariant {
  /// How the branches are combined.
  public enum Combination: String, Codable, Sendable, CaseIterable {
    case sum, weighted, concat
  }

  /// The extents of the windows that there can be.
  public static let windows = [1, 3, 5, 7]

  /// How the branches are combined.
  public var combine: Combination
  /// The branches that there are, by the extents of their windows.
  public var branches = windows
  /// Whether each branch convolves every channel by itself.
  public var isDepthwise = false

  /// Creates the variant.
  public init(combine: Combination) { self.combine = combine }

  /// Creates the variant that adds the branches.
  public init() { self.init(combine: .sum) }

  public static let variant = ConfigurationSchema.Variant(
    "multiscale", "Convolutions 1×1, 3×3, 5×5 and 7×7 side by side, combined.",
    options: ConfigurationSchema([
      .init(
        "combine", .choice(Combination.allCases.map(\.rawValue)), default: .string(Self().combine.rawValue),
        "How the branches are combined: added, added with learned weights, or concatenated and projected."),
      .init(
        "branches",
        .object(
          .switches(
            windows.map { (MultiScaleFusionLayer.name(ofWindow: $0), "Whether there is a \($0)×\($0) branch.") })),
        default: [:], "Which branches there are; without any, the block does nothing."),
      .init(
        "depthwise", .boolean, default: false, revision: 1, "Whether each branch convolves every channel by itself."),
    ]),
    aliases: [
      "multiscale-sum": ["combine": "sum"], "multiscale-weighted": ["combine": "weighted"],
      "multiscale-concat": ["combine": "concat"],
    ])

  public func layer(outputChannels: Int) -> any Layer {
    var layer = MultiScaleFusionLayer(combine: combine, outputChannels: outputChannels)
    layer.branches = branches
    layer.isDepthwise = isDepthwise
    return layer
  }
}

extension MultiScaleFusion {
  enum CodingKeys: String, CodingKey {
    case combine, branches
    case isDepthwise = "depthwise"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    combine = try container.decode(Combination.self, forKey: .combine)
    isDepthwise = try container.decode(Bool.self, forKey: .isDepthwise)
    let switches = try container.decode([String: Bool].self, forKey: .branches)
    branches = Self.windows.filter { switches[MultiScaleFusionLayer.name(ofWindow: $0)] == true }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(combine, forKey: .combine)
    try container.encode(isDepthwise, forKey: .isDepthwise)
    try container.encode(branches.map(MultiScaleFusionLayer.name), forKey: .branches)
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
  /// The extents of the branches' windows.
  public var branches = MultiScaleFusion.windows
  /// Whether each branch convolves every channel by itself, which takes as many channels as it gives.
  public var isDepthwise = false

  /// Creates the layer.
  public init(combine: MultiScaleFusion.Combination, outputChannels: Int) {
    self.combine = combine
    self.outputChannels = outputChannels
  }

  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    guard !self.branches.isEmpty else { return x }
    var branches = try self.branches.map { size in
      try convolution(size, groups: isDepthwise ? outputChannels : 1)(x, Self.name(ofWindow: size), in: context)
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
  private func convolution(_ size: Int, groups: Int = 1) -> Convolution {
    Convolution(
      outputChannels: outputChannels, kernelSize: size, groups: groups, hasBias: true, initialization: .torchDefault)
  }

  /// The name of the branch of a window.
  static func name(ofWindow size: Int) -> String { "conv\(size)x\(size)" }
}
