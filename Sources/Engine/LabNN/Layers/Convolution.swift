import LabCore
import LabGraph

/// A 2-D convolution with parameters `weight` and, by option, `bias`.
///
/// ## Shapes
/// - `x`: `[N, I, H, W]`; `weight`: `[O, I/groups, kh, kw]`; result `[N, O, H', W']`.
public struct Convolution: Layer, Hashable {
  /// The number of filters.
  public var outputChannels: Int
  /// The window's extent.
  public var kernelSize: Extent2D
  /// How the window slides.
  public var geometry: ConvolutionGeometry
  /// Whether a number a filter is added.
  public var hasBias: Bool
  /// How the parameters start.
  public var initialization: WeightInitialization

  /// Creates the layer.
  public init(
    outputChannels: Int, kernelSize: Extent2D, geometry: ConvolutionGeometry, hasBias: Bool = false,
    initialization: WeightInitialization = .kaimingNormal
  ) {
    self.outputChannels = outputChannels
    self.kernelSize = kernelSize
    self.geometry = geometry
    self.hasBias = hasBias
    self.initialization = initialization
  }

  /// Creates a layer with a square window and padding that keeps the extent at stride 1 ("same", odd windows).
  public init(
    outputChannels: Int, kernelSize: Int, stride: Int = 1, groups: Int = 1, hasBias: Bool = false,
    initialization: WeightInitialization = .kaimingNormal
  ) {
    self.init(
      outputChannels: outputChannels, kernelSize: Extent2D(kernelSize),
      geometry: ConvolutionGeometry(stride: stride, padding: kernelSize / 2, groups: groups), hasBias: hasBias,
      initialization: initialization)
  }

  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    guard x.shape.rank == 4, geometry.groups > 0, x.shape[1] % geometry.groups == 0,
      outputChannels % geometry.groups == 0
    else {
      throw GraphError.shape(
        operation: Convolution2D.name, path: context.builder.path,
        expected: "an image whose channels, like the \(outputChannels) filters, divide by \(geometry.groups) groups",
        actual: x.type.description)
    }
    let kernel: Shape = [
      outputChannels, x.shape[1] / geometry.groups, kernelSize.height, kernelSize.width,
    ]
    var operands = [x, try context.parameter("weight", kernel, initialization.weight(kernel))]
    if hasBias {
      operands.append(
        try context.parameter("bias", [outputChannels], initialization.bias(kernel), category: .bias))
    }
    return try context.builder.apply(Convolution2D(geometry), operands)[0]
  }
}
