import LabCore
import LabGraph

extension OperationSamples {
  private struct Case {
    var name: String
    var image: Shape
    var outputs: Int
    var kernel: Extent2D
    var geometry: ConvolutionGeometry

    init(_ name: String, _ image: Shape, _ outputs: Int, _ kernel: Extent2D, _ geometry: ConvolutionGeometry) {
      self.name = name
      self.image = image
      self.outputs = outputs
      self.kernel = kernel
      self.geometry = geometry
    }

    var weight: Shape { [outputs, image[1] / geometry.groups, kernel.height, kernel.width] }

    var output: Shape {
      let extent = geometry.outputExtent(input: Extent2D(image[2], image[3]), kernel: kernel)
      return [image[0], outputs, extent.height, extent.width]
    }
  }

  private static let cases = [
    Case("1×1", [2, 3, 4, 5], 4, Extent2D(1), ConvolutionGeometry(stride: 1, padding: 0)),
    Case("1×1, stride 2", [2, 3, 5, 5], 4, Extent2D(1), ConvolutionGeometry(stride: 2, padding: 0)),
    Case("3×3", [2, 3, 5, 4], 2, Extent2D(3), ConvolutionGeometry(stride: 1, padding: 1)),
    Case("3×3, no padding", [1, 2, 5, 4], 3, Extent2D(3), ConvolutionGeometry(stride: 1, padding: 0)),
    Case("3×3, stride 2", [2, 3, 6, 7], 4, Extent2D(3), ConvolutionGeometry(stride: 2, padding: 1)),
    Case("3×3, stride 3, unused border", [1, 2, 8, 7], 2, Extent2D(3), ConvolutionGeometry(stride: 3, padding: 0)),
    Case("5×5", [1, 2, 6, 6], 3, Extent2D(5), ConvolutionGeometry(stride: 1, padding: 2)),
    Case("7×7 on a small image", [1, 2, 4, 4], 2, Extent2D(7), ConvolutionGeometry(stride: 1, padding: 3)),
    Case("dilation 2", [2, 2, 7, 6], 3, Extent2D(3), ConvolutionGeometry(stride: 1, padding: 2, dilation: 2)),
    Case(
      "stride 2, dilation 2", [1, 2, 9, 8], 3, Extent2D(3), ConvolutionGeometry(stride: 2, padding: 2, dilation: 2)),
    Case("2 groups", [2, 4, 4, 4], 6, Extent2D(3), ConvolutionGeometry(stride: 1, padding: 1, groups: 2)),
    Case("depth-wise", [2, 4, 5, 5], 4, Extent2D(3), ConvolutionGeometry(stride: 1, padding: 1, groups: 4)),
    Case(
      "depth-wise, two filters a channel, stride 2", [2, 3, 5, 5], 6, Extent2D(3),
      ConvolutionGeometry(stride: 2, padding: 1, groups: 3)),
    Case(
      "different heights and widths", [1, 2, 7, 9], 3, Extent2D(1, 3),
      ConvolutionGeometry(
        stride: Extent2D(2, 1), padding: Extent2D(0, 2), dilation: Extent2D(1, 2))),
  ]

  static let convolution = cases.flatMap { item in
    [
      OperationSample(Convolution2D(item.geometry), item.name, [.tensor(item.image), .parameter(item.weight)]),
      OperationSample(
        Convolution2D(item.geometry), "\(item.name), bias",
        [.tensor(item.image), .parameter(item.weight), .parameter([item.outputs])]),
    ]
  }

  static let convolutionInputGradient = cases.map { item in
    OperationSample(
      Convolution2DInputGradient(item.geometry, image: item.image), item.name,
      [.fixed(item.output), .state(item.weight)])
  }

  static let convolutionWeightGradient = cases.map { item in
    OperationSample(
      Convolution2DWeightGradient(item.geometry, kernel: item.weight), item.name,
      [.fixed(item.image), .fixed(item.output)])
  }

  /// Channel counts around vector widths, kernels, strides, dilations, groups, odd extents and batches of 1 and 5.
  static let convolutionGrid: [OperationSample] = {
    let channels = [(3, 16), (16, 16), (16, 20), (20, 32), (32, 48), (48, 3), (48, 32), (20, 3)]
    let windows: [(Int, ConvolutionGeometry)] = [
      (1, ConvolutionGeometry(stride: 1, padding: 0)), (1, ConvolutionGeometry(stride: 2, padding: 0)),
      (3, ConvolutionGeometry(stride: 1, padding: 1)), (3, ConvolutionGeometry(stride: 2, padding: 1)),
      (3, ConvolutionGeometry(stride: 1, padding: 2, dilation: 2)), (5, ConvolutionGeometry(stride: 1, padding: 2)),
      (3, ConvolutionGeometry(stride: 1, padding: 0)),
    ]
    let extents = [Extent2D(7, 9), Extent2D(8, 8), Extent2D(5, 13)]
    var samples: [OperationSample] = []
    for (index, (inputs, outputs)) in channels.enumerated() {
      for (position, (kernel, geometry)) in windows.enumerated() {
        let batch = (index + position) % 2 == 0 ? 5 : 1
        let extent = extents[(index + position) % extents.count]
        samples.append(
          sample([batch, inputs, extent.height, extent.width], outputs, kernel, geometry))
      }
    }
    samples += convolutionTiles
    let grouped = [
      (16, 16, 16), (32, 32, 32), (48, 48, 48), (20, 20, 20), (32, 32, 2), (16, 32, 4), (48, 16, 2), (24, 48, 8),
      (64, 64, 16), (24, 60, 3), (64, 32, 32),
    ]
    for (index, (inputs, outputs, groups)) in grouped.enumerated() {
      for stride in [1, 2] {
        let geometry = ConvolutionGeometry(stride: stride, padding: 1, groups: groups)
        samples.append(sample([index % 2 == 0 ? 5 : 1, inputs, 7, 9], outputs, 3, geometry))
      }
    }
    // Windows that reach beyond a small image on both sides.
    for (inputs, extent, dilation, stride) in [(16, 4, 2, 1), (20, 2, 2, 2), (3, 4, 4, 1), (16, 8, 4, 1)] {
      let geometry = ConvolutionGeometry(stride: stride, padding: dilation, dilation: dilation)
      samples.append(sample([3, inputs, extent, extent], 16, 3, geometry))
    }
    // One to a few channels on either side.
    for (inputs, outputs, kernel, dilation) in [(2, 1, 7, 1), (1, 1, 3, 4), (20, 2, 1, 1), (4, 3, 5, 2), (2, 20, 3, 1)]
    {
      let geometry = ConvolutionGeometry(stride: 1, padding: kernel / 2 * dilation, dilation: dilation)
      samples.append(sample([5, inputs, 9, 37], outputs, kernel, geometry))
    }
    // A stride beside a dilation, with and without groups.
    for (inputs, outputs, groups) in [(16, 32, 1), (20, 6, 1), (32, 32, 8), (32, 4, 2)] {
      let geometry = ConvolutionGeometry(stride: 2, padding: 2, dilation: 2, groups: groups)
      samples.append(sample([3, inputs, 9, 8], outputs, 3, geometry))
    }
    return samples
  }()

  /// Images of one to a few tiles of minimal filtering, whole and broken, in batches for which it pays.
  public static let convolutionTiles: [OperationSample] = [
    (24, 2, 2, 16, 16), (16, 4, 4, 16, 32), (8, 6, 6, 20, 16), (3, 10, 12, 5, 16), (3, 16, 20, 16, 6),
  ].map { batch, height, width, inputs, outputs in
    sample([batch, inputs, height, width], outputs, 3, ConvolutionGeometry(stride: 1, padding: 1))
  }

  private static func sample(
    _ image: Shape, _ outputs: Int, _ kernel: Int, _ geometry: ConvolutionGeometry
  ) -> OperationSample {
    let text =
      "\(image) to \(outputs), \(kernel)×\(kernel), stride \(geometry.stride.height), padding \(geometry.padding.height), "
      + "dilation \(geometry.dilation.height), groups \(geometry.groups)"
    return OperationSample(
      Convolution2D(geometry), text,
      [.tensor(image), .parameter([outputs, image[1] / geometry.groups, kernel, kernel]), .parameter([outputs])])
  }
}
