import LabCore
import LabGraph
import LabNN

/// How a network halves the resolution between its stages.
///
/// Where a network has a convolution with stride 2, it uses ``convolutionStride`` instead, applies
/// ``beforeConvolution(_:groups:in:)`` to its input, ``afterConvolution(_:in:)`` to the result, in front of the
/// normalisation, and ``afterActivation(_:in:)`` behind the non-linearity. A shortcut's 1×1 convolution has the same
/// stride, and ``beforeProjection(_:in:)`` is applied to its input. Where a network has a pooling with stride 2,
/// ``pooled(_:_:in:)`` takes its place.
public protocol DownsamplingVariant: ConfigurableComponent {
  /// The stages whose resolution it halves, counted from 1, with 0 for what is outside of stages; nil for all. Others
  /// are halved by strides.
  var stages: [Int]? { get }

  /// The stride of the convolution that halves the resolution: 2, or 1 where something else does.
  var convolutionStride: Int { get }

  /// The factor by which height and width become smaller: 2, or another one where halvings are joined.
  var factor: Int { get }

  /// Whether one reduction takes the place of two halvings: of a stage's and of that of the next stage that has one, and of
  /// a stem's stride and pooling.
  var joinsHalvings: Bool { get }

  /// Whether a 1×1 convolution brings channels back to those that there are where a stride halves the resolution.
  var restoresChannels: Bool { get }

  /// Whether the option `order` moves it to another side of the convolution than it stands on by default.
  var isReordered: Bool { get }

  /// The variant where height and width become smaller by another factor, as where halvings are joined: 1, 2 or 4.
  func reducing(by factor: Int) -> any DownsamplingVariant

  /// What comes before the convolution of the main path.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, C′, H′, W′]`.
  ///
  /// - Parameters:
  ///   - x: the convolution's input.
  ///   - groups: the number of the convolution's groups.
  ///   - context: the model's context.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  func beforeConvolution(_ x: Tensor, groups: Int, in context: ModelContext) throws -> Tensor

  /// What follows the convolution of the main path.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, C, H′, W′]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  func afterConvolution(_ x: Tensor, in context: ModelContext) throws -> Tensor

  /// What follows the non-linearity behind the convolution of the main path.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, C, H′, W′]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  func afterActivation(_ x: Tensor, in context: ModelContext) throws -> Tensor

  /// What comes before a shortcut's 1×1 convolution.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, C′, H′, W′]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  func beforeProjection(_ x: Tensor, in context: ModelContext) throws -> Tensor

  /// What takes the place of a pooling between stages.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, C, H′, W′]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  func pooled(_ x: Tensor, _ pooling: Pooling2D, in context: ModelContext) throws -> Tensor

  /// What takes the place of a stem's pooling.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, C, H′, W′]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  func stemPooled(_ x: Tensor, _ pooling: Pooling2D, in context: ModelContext) throws -> Tensor

  /// The stem that goes with the variant, for the stem of an architecture.
  func stem(for stem: Stem) -> Stem
}

extension DownsamplingVariant {
  public var stages: [Int]? { nil }

  public var factor: Int { 2 }

  public var joinsHalvings: Bool { false }

  public var restoresChannels: Bool { false }

  public var isReordered: Bool { false }

  public func reducing(by factor: Int) -> any DownsamplingVariant { self }

  public func beforeConvolution(_ x: Tensor, groups: Int, in context: ModelContext) throws -> Tensor { x }

  public func afterConvolution(_ x: Tensor, in context: ModelContext) throws -> Tensor { x }

  public func afterActivation(_ x: Tensor, in context: ModelContext) throws -> Tensor { x }

  public func beforeProjection(_ x: Tensor, in context: ModelContext) throws -> Tensor { x }

  public func pooled(_ x: Tensor, _ pooling: Pooling2D, in context: ModelContext) throws -> Tensor {
    try pooling(x, in: context)
  }

  public func stemPooled(_ x: Tensor, _ pooling: Pooling2D, in context: ModelContext) throws -> Tensor {
    try pooling(x, in: context)
  }

  public func stem(for stem: Stem) -> Stem { stem }
}

/// The down-sampling variants that a configuration can name.
public enum DownsamplingFamily: ComponentFamily {
  public static let registry = Registry<any DownsamplingVariant>(
    "down-samplings",
    [
      StridedDownsampling(),
      SPDDownsampling(),
      MaximumPoolDownsampling(),
      AveragePoolDownsampling(),
      BlurDownsampling(),
    ]
  ) { type(of: $0).registeredNames }
}

/// The configuration of a down-sampling variant: `"strided"`, `"spd"`.
public typealias DownsamplingConfiguration = Selection<DownsamplingFamily>
