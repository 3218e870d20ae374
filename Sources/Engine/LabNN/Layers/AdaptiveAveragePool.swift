import LabGraph

/// The means of windows that divide an image of any extent into a fixed number of rows and columns.
///
/// Windows are those of PyTorch's `AdaptiveAvgPool2d`: from `⌊i·H/H'⌋` to `⌈(i+1)·H/H'⌉`, so that they overlap where the
/// extents do not divide, and repeat pixels where the image is smaller than the result.
///
/// ## Shapes
/// - `x`: `[N, C, H, W]`; result `[N, C, H', W']`.
public struct AdaptiveAveragePool: Layer, Hashable {
  /// The result's extent.
  public var extent: Extent2D

  /// Creates the layer.
  public init(_ extent: Extent2D) { self.extent = extent }

  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    guard x.shape.rank == 4 else {
      throw GraphError.shape(
        operation: "adaptive_average_pool", path: context.builder.path, expected: "an image [N, C, H, W]",
        actual: x.type.description)
    }
    let (height, width) = (x.shape[2], x.shape[3])
    guard height % extent.height != 0 || width % extent.width != 0 else {
      let window = Extent2D(height / extent.height, width / extent.width)
      return window == Extent2D(1)
        ? x : try Pooling2D(.average(countsPadding: false), PoolingGeometry(window: window))(x, in: context)
    }
    return try x.resampled(
      rows: Self.matrix(from: height, to: extent.height), columns: Self.matrix(from: width, to: extent.width))
  }

  private static func matrix(from input: Int, to output: Int) -> [[Float]] {
    (0..<output).map { position in
      let window = position * input / output..<((position + 1) * input + output - 1) / output
      return (0..<input).map { window.contains($0) ? 1 / Float(window.count) : 0 }
    }
  }
}

extension Tensor {
  /// An image `[N, C, H, W]` whose rows and columns are replaced by weighted sums of them.
  ///
  /// ## Shapes
  /// - `self`: `[N, C, H, W]`; `rows`: H′ rows of H weights; `columns`: W′ rows of W weights; result: `[N, C, H′, W′]`.
  ///
  /// - Parameters:
  ///   - rows: for each row of the result the weights of the image's rows.
  ///   - columns: for each column of the result the weights of the image's columns.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  public func resampled(rows: [[Float]], columns: [[Float]]) throws -> Tensor {
    let planes = shape[0] * shape[1]
    let (height, width) = (shape[2], shape[3])
    func matrix(_ weights: [[Float]], _ inputs: Int) -> Tensor {
      builder.constant(weights.flatMap { $0 }, [weights.count, inputs])
    }
    let transposed = Permute([0, 2, 1])
    let horizontal = try reshaped(to: [planes * height, width]).multiplied(byTransposed: matrix(columns, width))
    let turned = try builder.apply(transposed, horizontal.reshaped(to: [planes, height, columns.count]))
    let vertical = try turned.reshaped(to: [planes * columns.count, height])
      .multiplied(byTransposed: matrix(rows, height))
    return try builder.apply(transposed, vertical.reshaped(to: [planes, columns.count, rows.count]))
      .reshaped(to: [shape[0], shape[1], rows.count, columns.count])
  }
}
