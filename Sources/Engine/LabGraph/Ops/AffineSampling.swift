import LabCore

/// An image seen through an affine transformation of its coordinates, with bilinear interpolation.
///
/// As PyTorch's `affine_grid` and `grid_sample` without aligned corners: coordinates run from −1 to 1 between the
/// borders of the image, a sample's six numbers are the rows of the matrix that leads from the result's coordinates to
/// the image's, and what lies outside of the image is 0.
///
/// ## Shapes
/// - `x`: `[N, C, H, W]` f32; `transformations`: `[N, 6]`; result like `x`.
/// - Source: Jaderberg et al., "Spatial transformer networks", NeurIPS 2015, arXiv 1506.02025.
public struct AffineSampling: Operation {
  public static let name = "affine_sampling"

  /// Creates the operation.
  public init() {}

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 2, inputs.allSatisfy({ $0.element == .float32 }), inputs[0].shape.rank == 4,
      inputs[1].shape == [inputs[0].shape[0], 6]
    else { throw shapeError(expected: "an image [N, C, H, W] and transformations [N, 6]", actual: inputs) }
    return [inputs[0]]
  }

  /// Four taps a pixel.
  public func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int { 4 * outputs[0].shape.elementCount }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    try context.builder.apply(AffineSamplingGradient(), [context.outputGradient] + context.inputs)
  }
}

/// The gradients of an affine sampling's image and transformations.
///
/// ## Shapes
/// - operands: `upstream` and `x` `[N, C, H, W]`, `transformations` `[N, 6]`; results like the latter two.
public struct AffineSamplingGradient: Operation {
  public static let name = "affine_sampling_gradient"

  /// Creates the operation.
  public init() {}

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 3,
      try AffineSampling().outputTypes(for: Array(inputs.dropFirst())) == [inputs[0]]
    else { throw shapeError(expected: "an upstream gradient, an image and transformations [N, 6]", actual: inputs) }
    return Array(inputs.dropFirst())
  }

  public func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int { 8 * inputs[0].shape.elementCount }
}

/// Where a transformation takes one pixel of the result: the four pixels around, and their weights.
///
/// Generic over the precision, so that every backend follows the same formulas.
public struct AffineTaps<Scalar: BinaryFloatingPoint> {
  /// The upper left one of the four pixels.
  public let row: Int
  /// The upper left one of the four pixels.
  public let column: Int
  /// How far towards the lower pixels the point lies, from 0 to 1.
  public let down: Scalar
  /// How far towards the right pixels the point lies, from 0 to 1.
  public let right: Scalar
  /// The result's coordinates of the pixel, from −1 to 1: horizontal, vertical, 1.
  public let coordinates: (Scalar, Scalar, Scalar)

  /// Transforms a pixel of an image with an extent.
  @inlinable
  public init(_ matrix: (Int) -> Scalar, row: Int, column: Int, height: Int, width: Int) {
    let x = Scalar(2 * column + 1) / Scalar(width) - 1
    let y = Scalar(2 * row + 1) / Scalar(height) - 1
    coordinates = (x, y, 1)
    let sourceX = ((matrix(0) * x + matrix(1) * y + matrix(2) + 1) * Scalar(width) - 1) / 2
    let sourceY = ((matrix(3) * x + matrix(4) * y + matrix(5) + 1) * Scalar(height) - 1) / 2
    // Far outside, the exact place does not matter, and may be beyond the integers, or no number at all.
    func limited(_ position: Scalar, _ extent: Int) -> Scalar {
      position > -2 ? min(position, Scalar(extent) + 1) : -2
    }
    let (limitedX, limitedY) = (limited(sourceX, width), limited(sourceY, height))
    self.column = Int(limitedX.rounded(.down))
    self.row = Int(limitedY.rounded(.down))
    right = limitedX - limitedX.rounded(.down)
    down = limitedY - limitedY.rounded(.down)
  }

  /// Calls a body for each of the four pixels that is inside of the image: its offset in a plane, its weight, and the
  /// weight's slopes along the horizontal and the vertical.
  @inlinable @inline(__always)
  public func forEach(
    height: Int, width: Int, _ body: (_ offset: Int, _ weight: Scalar, _ slopes: (Scalar, Scalar)) -> Void
  ) {
    for (i, vertical, verticalSlope) in [(0, 1 - down, Scalar(-1)), (1, down, Scalar(1))] {
      for (j, horizontal, horizontalSlope) in [(0, 1 - right, Scalar(-1)), (1, right, Scalar(1))] {
        let (y, x) = (row + i, column + j)
        guard y >= 0, y < height, x >= 0, x < width else { continue }
        body(y * width + x, vertical * horizontal, (horizontalSlope * vertical, verticalSlope * horizontal))
      }
    }
  }
}
