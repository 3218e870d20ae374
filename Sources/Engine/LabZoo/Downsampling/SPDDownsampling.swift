import LabCore
import LabGraph
import LabNN

/// Space-to-depth beside convolutions of stride 1 (SPD-Conv): pixels become channels, and none is lost.
///
/// As in the paper's ResNets, space-to-depth stands behind the convolution that halves the resolution, so that the
/// normalisation and the next convolution see four times its filters; ``order`` puts it in front of the convolution, which
/// then sees four times the channels, as in the paper's building block. A shortcut is space-to-depth and a 1×1
/// convolution, a stem that reduces (7×7 with stride 2 and a pooling) becomes space-to-depth and a 1×1 convolution.
/// Extents have to be even where they are halved.
///
/// With a ``scale`` of 4 one space-to-depth takes the place of two halvings: of a stage's and of that of the next stage that
/// has one, which then keeps the resolution, and of a stem's stride and pooling. A last stage without a second one is
/// halved. Parameters of ``restoresChannels``: `projection.weight` inside of the convolution, or of the pooling.
///
/// - Source: Sunkara, Luo, "No more strided convolutions or pooling", ECML PKDD 2022, arXiv 2208.03641.
public struct SPDDownsampling: DownsamplingVariant {
  /// Where space-to-depth stands.
  public enum Order: String, Codable, Hashable, Sendable, CaseIterable {
    /// Behind the convolution.
    case after
    /// In front of the convolution.
    case before
  }

  /// The side of the blocks of pixels that become channels: 2, or 4, which joins two halvings.
  public var scale = 2
  /// Where space-to-depth stands.
  public var order = Order.after
  public var restoresChannels = false
  public var stages: [Int]?
  /// The side of the blocks where the variant stands, which joined halvings decide.
  private var side = 2

  /// Creates the variant for all stages.
  public init() {}

  public static let variant = ConfigurationSchema.Variant(
    "spd", "Space-to-depth beside convolutions of stride 1 (SPD-Conv); extents have to be even where they are halved.",
    options: ConfigurationSchema([
      ConfigurationSchema.Field(
        "scale", .integer(2...4), default: .integer(Self().scale),
        "The side of the blocks of pixels that become channels: 2, or 4 for one space-to-depth in the place of two "
          + "halvings, a stage's and the next one's, or a stem's stride and pooling."
      ).compared([2, 4]),
      .init(
        "order", .choice(Order.allCases.map(\.rawValue)), default: .string(Self().order.rawValue),
        "Whether space-to-depth stands after the convolution, as in the paper's networks, or before it."),
      .init(
        "restore_channels", .boolean, default: .boolean(Self().restoresChannels),
        "Whether a 1×1 convolution behind it brings the channels back to those that a stride leaves."),
      .halvedStages,
    ]))

  public var convolutionStride: Int { 1 }

  public var factor: Int { side }

  public var isReordered: Bool { order != Self().order }

  public var joinsHalvings: Bool { scale == 4 }

  public func reducing(by factor: Int) -> any DownsamplingVariant {
    var variant = self
    variant.side = factor
    return variant
  }

  public func beforeConvolution(_ x: Tensor, groups: Int, in context: ModelContext) throws -> Tensor {
    guard order == .before else { return x }
    let deep = try moved(x, in: context)
    // The pixels of a channel stand together, so that they come into the group that the channel is in.
    return groups > 1 && side > 1 ? try deep.shuffled(groups: side * side) : deep
  }

  public func afterConvolution(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    order == .after ? try moved(x, in: context) : x
  }

  public func beforeProjection(_ x: Tensor, in context: ModelContext) throws -> Tensor { try moved(x, in: context) }

  public func pooled(_ x: Tensor, _ pooling: Pooling2D, in context: ModelContext) throws -> Tensor {
    try moved(x, in: context)
  }

  private func moved(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    side == 1 ? x : try SpaceToDepth(scale: side)(x, in: context)
  }

  public func stem(for stem: Stem) -> Stem { stem == .imagenet ? .spd : stem }
}

extension SPDDownsampling {
  enum CodingKeys: String, CodingKey {
    case scale, order, stages
    case restoresChannels = "restore_channels"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    scale = try container.decode(Int.self, forKey: .scale)
    guard scale != 3 else {
      throw ModelError.option(
        subject: "downsample.scale", problem: "the scale is 2, or 4 in the place of two halvings, found 3")
    }
    order = try container.decode(Order.self, forKey: .order)
    restoresChannels = try container.decode(Bool.self, forKey: .restoresChannels)
    stages = try container.decodeIfPresent([Int].self, forKey: .stages)
  }
}
