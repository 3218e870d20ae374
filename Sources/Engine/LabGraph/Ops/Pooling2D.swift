import LabCore

/// The largest or the mean value of each window of an image.
///
/// Padding never wins a maximum; whether it counts in a mean's divisor is an option.
///
/// ## Shapes
/// - `x`: `[N, C, H, W]` f32; result `[N, C, H', W']` with `H' = ⌊(H + 2·padding − window) / stride⌋ + 1`, or `⌈…⌉`
///   where the geometry rounds up.
public struct Pooling2D: Operation {
  public static let name = "pooling2d"

  /// The functions.
  public enum Function: Sendable, Hashable {
    /// The largest value.
    case maximum
    /// The sum divided by the number of pixels; `countsPadding` says whether those in the padding are among them.
    case average(countsPadding: Bool)
  }

  /// The function.
  public var function: Function
  /// How the window slides.
  public var geometry: PoolingGeometry

  /// Creates the operation.
  public init(_ function: Function, _ geometry: PoolingGeometry) {
    self.function = function
    self.geometry = geometry
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32,
      let output = geometry.outputShape(image: inputs[0].shape)
    else {
      throw shapeError(
        expected: "one image [N, C, H, W], padded to at least the window "
          + "\(geometry.window.height)×\(geometry.window.width) by at most half of it", actual: inputs)
    }
    return [TensorType(output)]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    let operation = Pooling2DGradient(function, geometry)
    return [
      try context.builder.apply(operation, context.outputGradient, context.inputs[0], context.outputs[0])
    ]
  }
}

/// How a pooling window slides over an image.
public struct PoolingGeometry: Hashable, Sendable, Codable {
  /// The window's extent.
  public var window: Extent2D
  /// Steps of the window.
  public var stride: Extent2D
  /// Pixels added on each side, at most half a window.
  public var padding: Extent2D
  /// Whether a last window that the padded image covers only in part is kept ("ceil mode").
  public var roundsUp: Bool

  /// Creates a geometry; the stride is the window unless given.
  public init(
    window: Extent2D, stride: Extent2D? = nil, padding: Extent2D = Extent2D(0), roundsUp: Bool = false
  ) {
    self.window = window
    self.stride = stride ?? window
    self.padding = padding
    self.roundsUp = roundsUp
  }

  /// Creates a geometry that is equal in both directions.
  public init(window: Int, stride: Int? = nil, padding: Int = 0, roundsUp: Bool = false) {
    self.init(
      window: Extent2D(window), stride: stride.map { Extent2D($0) }, padding: Extent2D(padding), roundsUp: roundsUp)
  }

  /// The output's extent; not positive where the window does not fit.
  public func outputExtent(input: Extent2D) -> Extent2D {
    func extent(_ input: Int, _ window: Int, _ stride: Int, _ padding: Int) -> Int {
      let span = input + 2 * padding - window
      guard span >= 0 else { return 0 }
      guard roundsUp else { return span / stride + 1 }
      let windows = (span + stride - 1) / stride + 1
      // A window that would start in the padding on the far side would see no pixel.
      return (windows - 1) * stride >= input + padding ? windows - 1 : windows
    }
    return Extent2D(
      extent(input.height, window.height, stride.height, padding.height),
      extent(input.width, window.width, stride.width, padding.width))
  }

  /// The output's shape for an image, or nil where they do not fit.
  func outputShape(image: Shape) -> Shape? {
    guard image.rank == 4, window.height > 0, window.width > 0, stride.height > 0, stride.width > 0,
      padding.height >= 0, padding.width >= 0, 2 * padding.height <= window.height, 2 * padding.width <= window.width
    else { return nil }
    let extent = outputExtent(input: Extent2D(image[2], image[3]))
    guard extent.height > 0, extent.width > 0 else { return nil }
    return [image[0], image[1], extent.height, extent.width]
  }
}

/// The gradient of a pooling's image.
///
/// A maximum's gradient goes to the first pixel of the window, in row-major order, that attains it.
///
/// ## Shapes
/// - operands: `upstream` `[N, C, H', W']`, `x` `[N, C, H, W]` and the pooling's result; result like `x`.
public struct Pooling2DGradient: Operation {
  public static let name = "pooling2d_gradient"
  /// The forward operation's function.
  public var function: Pooling2D.Function
  /// The forward operation's geometry.
  public var geometry: PoolingGeometry

  /// Creates the operation.
  public init(_ function: Pooling2D.Function, _ geometry: PoolingGeometry) {
    self.function = function
    self.geometry = geometry
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 3, inputs[0] == inputs[2],
      try Pooling2D(function, geometry).outputTypes(for: [inputs[1]]) == [inputs[0]]
    else { throw shapeError(expected: "an upstream gradient, an image and its pooling", actual: inputs) }
    return [inputs[1]]
  }
}
