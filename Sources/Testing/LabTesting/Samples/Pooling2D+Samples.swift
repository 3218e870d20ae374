import LabCore
import LabGraph

extension OperationSamples {
  private static let functions: [(String, Pooling2D.Function)] = [
    ("maximum", .maximum), ("average", .average(countsPadding: false)),
    ("average with padding", .average(countsPadding: true)),
  ]

  private static let geometries: [(String, Shape, PoolingGeometry)] = [
    ("2×2", [2, 3, 4, 6], PoolingGeometry(window: 2)),
    ("3×3, stride 2, padding 1", [2, 3, 7, 6], PoolingGeometry(window: 3, stride: 2, padding: 1)),
    ("3×3, stride 1, padding 1", [1, 2, 5, 4], PoolingGeometry(window: 3, stride: 1, padding: 1)),
    ("2×2 with an unused border", [1, 4, 5, 7], PoolingGeometry(window: 2)),
    ("3×3, stride 2, rounding up", [2, 2, 6, 8], PoolingGeometry(window: 3, stride: 2, roundsUp: true)),
    (
      "2×2, stride 2, padding 1, rounding up", [1, 2, 5, 6],
      PoolingGeometry(window: 2, stride: 2, padding: 1, roundsUp: true)
    ),
    (
      "different heights and widths", [1, 2, 6, 9],
      PoolingGeometry(window: Extent2D(2, 3), stride: Extent2D(1, 2), padding: Extent2D(0, 1))
    ),
    ("16 channels", [2, 16, 7, 7], PoolingGeometry(window: 3, stride: 2, padding: 1)),
    ("20 channels", [2, 20, 7, 7], PoolingGeometry(window: 3, stride: 2, padding: 1)),
  ]

  static let pooling = functions.flatMap { name, function in
    geometries.map { variation, shape, geometry in
      OperationSample(
        Pooling2D(function, geometry), "\(name), \(variation)", [.tensor(shape, .distinct(gap: 0.05))])
    }
  }

  /// The pooling's result is computed in the graph, so that it holds exactly the pixels that won.
  static let poolingGradient =
    functions.flatMap { name, function in
      geometries.map { variation, shape, geometry in
        let extent = geometry.outputExtent(input: Extent2D(shape[2], shape[3]))
        let upstream: Shape = [shape[0], shape[1], extent.height, extent.width]
        return OperationSample(
          Pooling2DGradient.name, "\(name), \(variation)", [.fixed(upstream), .fixed(shape, .distinct(gap: 0.05))]
        ) { builder, operands in
          let y = try builder.apply(Pooling2D(function, geometry), operands[1])
          return [try builder.apply(Pooling2DGradient(function, geometry), operands[0], operands[1], y)]
        }
      }
    } + [
      OperationSample(
        Pooling2DGradient.name, "equal pixels share no gradient",
        [.fixed([1, 2, 2, 2]), .fixed([1, 2, 4, 4], .number(1.5))]
      ) { builder, operands in
        let y = try builder.apply(Pooling2D(.maximum, PoolingGeometry(window: 2)), operands[1])
        let operation = Pooling2DGradient(.maximum, PoolingGeometry(window: 2))
        return [try builder.apply(operation, operands[0], operands[1], y)]
      }
    ]
}
