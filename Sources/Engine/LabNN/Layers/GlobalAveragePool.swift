import LabGraph

/// The mean of each channel.
///
/// ## Shapes
/// - `x`: `[N, C, H, W]`; result `[N, C]`.
public struct GlobalAveragePool: Layer, Hashable {
  /// Creates the layer.
  public init() {}

  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    guard x.shape.rank == 4 else {
      throw GraphError.shape(
        operation: "global_average_pool", path: context.builder.path, expected: "an image [N, C, H, W]",
        actual: x.type.description)
    }
    return try x.mean(2, 3)
  }
}
