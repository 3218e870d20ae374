import LabCore
import LabGraph

extension Convolution2D: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    [lowering.add("Conv", lowering.inputs, attributes: geometry.attributes)]
  }
}

extension ConvolutionGeometry {
  /// How the window slides, as ONNX's `Conv` is told: what differs from its defaults.
  var attributes: [String: ONNXAttribute] {
    var attributes: [String: ONNXAttribute] = [:]
    if stride != Extent2D(1) { attributes["strides"] = .integers([stride.height, stride.width]) }
    if padding != Extent2D(0) {
      attributes["pads"] = .integers([padding.height, padding.width, padding.height, padding.width])
    }
    if dilation != Extent2D(1) { attributes["dilations"] = .integers([dilation.height, dilation.width]) }
    if groups != 1 { attributes["group"] = .integer(groups) }
    return attributes
  }
}

extension Pooling2D: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    let input = try lowering.fixedExtents(of: 0, from: 2)
    let output = try lowering.fixed(Array(lowering.outputExtents[0].dropFirst(2)))
    let directions = [
      Direction(geometry.window.height, geometry.stride.height, geometry.padding.height, input[0], output[0]),
      Direction(geometry.window.width, geometry.stride.width, geometry.padding.width, input[1], output[1]),
    ]
    // Windows that hang over are told by padding: how rounding up counts them differs between versions of ONNX.
    var attributes: [String: ONNXAttribute] = [
      "kernel_shape": .integers(directions.map(\.window)), "strides": .integers(directions.map(\.stride)),
      "pads": .integers(directions.map(\.before) + directions.map(\.after)),
    ]
    switch function {
    case .maximum: return [lowering.add("MaxPool", lowering.inputs[0], attributes: attributes)]
    case .average(let countsPadding):
      attributes["count_include_pad"] = .integer(countsPadding ? 1 : 0)
      let mean = lowering.add("AveragePool", lowering.inputs[0], attributes: attributes)
      guard countsPadding, directions.contains(where: { $0.after > $0.before }) else { return [mean] }
      // Only the padding that was asked for counts.
      let area = Float(geometry.window.height * geometry.window.width)
      let factors = directions[0].counts.flatMap { row in directions[1].counts.map { area / Float(row * $0) } }
      return [lowering.add("Mul", mean, lowering.constant(factors, [1, 1, output[0], output[1]]))]
    }
  }

  /// How a window slides along one direction.
  private struct Direction {
    var window: Int
    var stride: Int
    /// The padding before the image, and after it as far as windows reach.
    var before: Int
    var after: Int
    /// How many pixels of each window lie in the image or in the padding that was asked for.
    var counts: [Int]

    init(_ window: Int, _ stride: Int, _ padding: Int, _ input: Int, _ output: Int) {
      self.window = window
      self.stride = stride
      before = padding
      after = max(0, (output - 1) * stride + window - input - padding)
      counts = (0..<output).map { min($0 * stride + window, input + 2 * padding) - $0 * stride }
    }
  }
}

/// As ONNX's `AffineGrid`, which is younger than the version of operators that is written.
extension AffineSampling: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    let extents = try lowering.fixedExtents(of: 0, from: 2)
    let (height, width) = (extents[0], extents[1])
    func coordinate(_ index: Int, _ count: Int) -> Float { Float(2 * index + 1) / Float(count) - 1 }
    let coordinates = (0..<height).flatMap { row in
      (0..<width).flatMap { column -> [Float] in [coordinate(column, width), coordinate(row, height), 1] }
    }
    let matrices = lowering.add(
      "Transpose", lowering.reshape(lowering.inputs[1], to: [-1, 2, 3]), attributes: ["perm": .integers([0, 2, 1])])
    let places = lowering.add("MatMul", lowering.constant(coordinates, [1, height * width, 3]), matrices)
    let grid = lowering.reshape(places, to: [-1, height, width, 2])
    return [
      lowering.add(
        "GridSample", lowering.inputs[0], grid,
        attributes: [
          "mode": .text("bilinear"), "padding_mode": .text("zeros"), "align_corners": .integer(0),
        ])
    ]
  }
}
