import LabCore

/// Height and width of something, or vertical and horizontal steps.
public struct Extent2D: Hashable, Sendable, Codable {
  /// The vertical extent.
  public var height: Int
  /// The horizontal extent.
  public var width: Int

  /// Creates an extent.
  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }

  /// Creates an extent that is equal in both directions.
  public init(_ both: Int) { self.init(both, both) }
}

/// How a window slides over an image.
public struct ConvolutionGeometry: Hashable, Sendable, Codable {
  /// Steps of the window.
  public var stride: Extent2D
  /// Zeros added on each side.
  public var padding: Extent2D
  /// Distances between the window's taps.
  public var dilation: Extent2D
  /// The number of groups that channels are divided into.
  public var groups: Int

  /// Creates a geometry.
  public init(
    stride: Extent2D = Extent2D(1), padding: Extent2D = Extent2D(0), dilation: Extent2D = Extent2D(1), groups: Int = 1
  ) {
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  /// Creates a geometry that is equal in both directions.
  public init(stride: Int, padding: Int, dilation: Int = 1, groups: Int = 1) {
    self.init(
      stride: Extent2D(stride), padding: Extent2D(padding), dilation: Extent2D(dilation), groups: groups)
  }

  /// The output's extent for an input's and a kernel's; not positive where the window does not fit.
  public func outputExtent(input: Extent2D, kernel: Extent2D) -> Extent2D {
    func extent(_ input: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) -> Int {
      let span = input + 2 * padding - dilation * (kernel - 1) - 1
      return span < 0 ? 0 : span / stride + 1
    }
    return Extent2D(
      extent(input.height, kernel.height, stride.height, padding.height, dilation.height),
      extent(input.width, kernel.width, stride.width, padding.width, dilation.width))
  }

  /// The output's shape for an image and a kernel, or nil where they do not fit.
  func outputShape(image: Shape, kernel: Shape) -> Shape? {
    guard image.rank == 4, kernel.rank == 4, groups > 0, stride.height > 0, stride.width > 0,
      dilation.height > 0, dilation.width > 0, padding.height >= 0, padding.width >= 0,
      image[1] == kernel[1] * groups, kernel[0] % groups == 0
    else { return nil }
    let extent = outputExtent(
      input: Extent2D(image[2], image[3]), kernel: Extent2D(kernel[2], kernel[3]))
    guard extent.height > 0, extent.width > 0 else { return nil }
    return [image[0], kernel[0], extent.height, extent.width]
  }
}

/// A 2-D convolution (cross-correlation, as in every CNN framework).
///
/// ## Shapes
/// - `x`: `[N, I, H, W]` f32; `weight`: `[O, I/groups, kh, kw]`; optional `bias`: `[O]`; result `[N, O, H', W']`.
public struct Convolution2D: Operation {
  public static let name = "conv2d"
  /// How the window slides.
  public var geometry: ConvolutionGeometry

  /// Creates the operation.
  public init(_ geometry: ConvolutionGeometry) { self.geometry = geometry }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 2 || inputs.count == 3, inputs.allSatisfy({ $0.element == .float32 }),
      let output = geometry.outputShape(image: inputs[0].shape, kernel: inputs[1].shape),
      inputs.count == 2 || inputs[2].shape == [output[1]]
    else {
      throw shapeError(
        expected: "an image [N, I, H, W], a kernel [O, I/\(geometry.groups), kh, kw] no larger than the padded image "
          + "and an optional bias [O]", actual: inputs)
    }
    return [TensorType(output)]
  }

  public func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int {
    let kernel = inputs[1].shape
    return outputs[0].shape.elementCount * kernel[1] * kernel[2] * kernel[3]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    let x = context.inputs[0]
    let weight = context.inputs[1]
    let upstream = context.outputGradient
    let builder = context.builder
    var gradients: [Tensor?] = [nil, nil]
    if context.needsGradient[1] {
      gradients[1] = try builder.apply(Convolution2DWeightGradient(geometry, kernel: weight.shape), x, upstream)
    }
    if context.needsGradient[0] {
      gradients[0] = try builder.apply(Convolution2DInputGradient(geometry, image: x.shape), upstream, weight)
    }
    if context.inputs.count == 3 {
      gradients.append(
        context.needsGradient[2] ? try builder.apply(Reduction(.sum, axes: [0, 2, 3]), upstream) : nil)
    }
    return gradients
  }
}

/// The gradient of a convolution's image.
///
/// ## Shapes
/// - `upstream`: `[N, O, H', W']`; `weight`: `[O, I/groups, kh, kw]`; result `[N, I, H, W]`.
public struct Convolution2DInputGradient: Operation {
  public static let name = "conv2d_input_gradient"
  /// The forward operation's geometry.
  public var geometry: ConvolutionGeometry
  /// The image's shape, which the upstream gradient's does not determine.
  public var image: Shape

  /// Creates the operation.
  public init(_ geometry: ConvolutionGeometry, image: Shape) {
    self.geometry = geometry
    self.image = image
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 2, inputs.allSatisfy({ $0.element == .float32 }),
      geometry.outputShape(image: image, kernel: inputs[1].shape) == inputs[0].shape
    else {
      throw shapeError(expected: "an upstream gradient and a kernel that fit the image \(image)", actual: inputs)
    }
    return [TensorType(image)]
  }

  public func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int {
    let kernel = inputs[1].shape
    return inputs[0].shape.elementCount * kernel[1] * kernel[2] * kernel[3]
  }
}

/// The gradient of a convolution's kernel.
///
/// ## Shapes
/// - `x`: `[N, I, H, W]`; `upstream`: `[N, O, H', W']`; result `[O, I/groups, kh, kw]`.
public struct Convolution2DWeightGradient: Operation {
  public static let name = "conv2d_weight_gradient"
  /// The forward operation's geometry.
  public var geometry: ConvolutionGeometry
  /// The kernel's shape.
  public var kernel: Shape

  /// Creates the operation.
  public init(_ geometry: ConvolutionGeometry, kernel: Shape) {
    self.geometry = geometry
    self.kernel = kernel
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 2, inputs.allSatisfy({ $0.element == .float32 }),
      geometry.outputShape(image: inputs[0].shape, kernel: kernel) == inputs[1].shape
    else {
      throw shapeError(expected: "an image and an upstream gradient that fit the kernel \(kernel)", actual: inputs)
    }
    return [TensorType(kernel)]
  }

  public func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int {
    inputs[1].shape.elementCount * kernel[1] * kernel[2] * kernel[3]
  }
}
