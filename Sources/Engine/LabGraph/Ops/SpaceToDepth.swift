import LabCore

/// Moves blocks of pixels into channels.
///
/// Channel groups follow the order of SPD-Conv: the row offset varies fastest, so a scale of 2 concatenates
/// `x[::2, ::2]`, `x[1::2, ::2]`, `x[::2, 1::2]`, `x[1::2, 1::2]`.
///
/// ## Shapes
/// - `x`: `[N, C, H, W]` f32 with `H` and `W` divisible by the scale; result `[N, C·scale², H/scale, W/scale]`.
/// - Source: Sunkara, Luo, "No more strided convolutions or pooling", ECML PKDD 2022, arXiv 2208.03641.
public struct SpaceToDepth: Operation {
  public static let name = "space_to_depth"
  /// The side of a block in pixels.
  public var scale: Int

  /// Creates the operation.
  public init(scale: Int = 2) { self.scale = scale }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 1, inputs[0].shape.rank == 4, inputs[0].element == .float32, scale > 0,
      inputs[0].shape[2] % scale == 0, inputs[0].shape[3] % scale == 0
    else {
      throw shapeError(expected: "an image [N, C, H, W] with H and W divisible by \(scale)", actual: inputs)
    }
    let shape = inputs[0].shape
    return [TensorType([shape[0], shape[1] * scale * scale, shape[2] / scale, shape[3] / scale])]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    [try context.builder.apply(DepthToSpace(scale: scale), context.outputGradient)]
  }
}

/// The inverse of ``SpaceToDepth``.
///
/// ## Shapes
/// - `x`: `[N, C·scale², H, W]` f32; result `[N, C, H·scale, W·scale]`.
public struct DepthToSpace: Operation {
  public static let name = "depth_to_space"
  /// The side of a block in pixels.
  public var scale: Int

  /// Creates the operation.
  public init(scale: Int = 2) { self.scale = scale }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 1, inputs[0].shape.rank == 4, inputs[0].element == .float32, scale > 0,
      inputs[0].shape[1] % (scale * scale) == 0
    else {
      throw shapeError(expected: "an image [N, C, H, W] with C divisible by \(scale * scale)", actual: inputs)
    }
    let shape = inputs[0].shape
    return [TensorType([shape[0], shape[1] / (scale * scale), shape[2] * scale, shape[3] * scale])]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    [try context.builder.apply(SpaceToDepth(scale: scale), context.outputGradient)]
  }
}
