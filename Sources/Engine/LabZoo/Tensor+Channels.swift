import LabGraph
import LabNN

/// Formulas on channels that several blocks are made of.
extension Tensor {
  /// The features with each channel of each image multiplied by its weight.
  ///
  /// ## Shapes
  /// - `self`: `[N, C, H, W]`; `weights`: `[N, C]`; result: `[N, C, H, W]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func channelsScaled(by weights: Tensor) throws -> Tensor {
    try multiplied(by: weights.reshaped(to: [weights.shape[0], weights.shape[1], 1, 1]))
  }

  /// The largest value over some axes, which are removed.
  ///
  /// ## Shapes
  /// - any; result: the same without these axes.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func maximum(_ axes: Int...) throws -> Tensor { try builder.apply(Reduction(.maximum, axes: axes), self) }

  /// Tensors one after the other along an axis.
  ///
  /// ## Shapes
  /// - `tensors`: at least one, alike but for the axis; result: the same with the sum of their extents.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public static func concatenated(_ tensors: [Tensor], axis: Int = 1) throws -> Tensor {
    tensors.count == 1 ? tensors[0] : try tensors[0].builder.apply(Concatenation(axis: axis), tensors)[0]
  }

  /// Equal parts of consecutive channels.
  ///
  /// ## Shapes
  /// - `self`: `[N, C, …]`; results: `[N, C / count, …]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func channelParts(_ count: Int) throws -> [Tensor] {
    let width = shape[1] / count
    return try (0..<count).map { try slice(axis: 1, start: $0 * width, count: width) }
  }

  /// The channels in another order: the first of each group, then the second of each, and so on.
  ///
  /// ## Shapes
  /// - `[N, C, H, W]`; result: the same.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func shuffled(groups: Int) throws -> Tensor {
    try builder.apply(ChannelShuffle(groups: groups), self)
  }
}
