import LabCore
import LabGraph

extension Pooling2D: ReferenceKernel {
  static var kind: KernelKind { .reduction }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let x = inputs[0]
    var y = ReferenceTensor(zeros: outputTypes[0])
    forEachWindow(geometry, image: x.shape, output: y.shape) { target, pixels, paddedCount in
      switch function {
      case .maximum: y.elements[target] = pixels.reduce(-.infinity) { max($0, x.elements[$1]) }
      case .average(let countsPadding):
        let sum = pixels.reduce(0) { $0 + x.elements[$1] }
        y.elements[target] = sum / Double(countsPadding ? paddedCount : pixels.count)
      }
    }
    return [y]
  }
}

extension Pooling2DGradient: ReferenceKernel {
  static var kind: KernelKind { .reduction }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (upstream, x, y) = (inputs[0], inputs[1], inputs[2])
    var result = ReferenceTensor(zeros: x.type)
    forEachWindow(geometry, image: x.shape, output: y.shape) { source, pixels, paddedCount in
      switch function {
      case .maximum:
        if let first = pixels.first(where: { x.elements[$0] == y.elements[source] }) {
          result.elements[first] += upstream.elements[source]
        }
      case .average(let countsPadding):
        let share = upstream.elements[source] / Double(countsPadding ? paddedCount : pixels.count)
        for pixel in pixels { result.elements[pixel] += share }
      }
    }
    return [result]
  }
}

/// Enumerates the windows: the result's position, the image's positions in the window, and their number with padding.
private func forEachWindow(
  _ geometry: PoolingGeometry, image: Shape, output: Shape,
  _ body: (_ target: Int, _ pixels: [Int], _ paddedCount: Int) -> Void
) {
  /// The positions along one direction that a window covers, with and without the padding.
  func span(_ index: Int, _ stride: Int, _ window: Int, _ padding: Int, _ extent: Int) -> (Range<Int>, Int) {
    let start = index * stride - padding
    let end = min(start + window, extent + padding)
    return (max(start, 0)..<min(end, extent), end - start)
  }
  let (height, width) = (image[2], image[3])
  for plane in 0..<image[0] * image[1] {
    for row in 0..<output[2] {
      let (rows, paddedRows) = span(
        row, geometry.stride.height, geometry.window.height, geometry.padding.height, height)
      for column in 0..<output[3] {
        let (columns, paddedColumns) = span(
          column, geometry.stride.width, geometry.window.width, geometry.padding.width, width)
        let pixels = rows.flatMap { y in columns.map { x in (plane * height + y) * width + x } }
        body((plane * output[2] + row) * output[3] + column, pixels, paddedRows * paddedColumns)
      }
    }
  }
}
