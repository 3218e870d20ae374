import LabCore
import LabGraph

/// A product of each sample's own matrix of weights with the pixels under its windows.
///
/// ONNX's `Conv` has one set of weights for all samples, and a number of groups that no batch can change. So the pixels
/// of each tap are cut out and put one after the other, `[N, groups, I/groups · taps, H′·W′]`, and multiplied by the
/// weights `[N, groups, O/groups, I/groups · taps]` that kernels and attentions make.
extension DynamicConvolution2D: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    let attention = Dictionary(zip(attentions.list, lowering.inputs.dropFirst(2))) { first, _ in first }
    var x = lowering.inputs[0]
    if let channel = attention[.channel] {
      x = lowering.add("Mul", x, lowering.unsqueeze(channel, axes: [2, 3]))
    }
    let kernel = attention[.kernel]
    let spatial = attention[.spatial]
    var y: ONNXValue
    if kernel == nil, spatial == nil {
      let weights = lowering.add("Squeeze", lowering.inputs[1], lowering.constant([0]))
      y = lowering.add("Conv", x, weights, attributes: geometry.attributes)
    } else {
      let product = lowering.add(
        "MatMul", try weights(kernel: kernel, spatial: spatial, lowering), try columns(of: x, lowering))
      y = lowering.reshape(product, to: [-1] + (try lowering.fixed(Array(lowering.outputExtents[0].dropFirst()))))
    }
    if let filter = attention[.filter] {
      y = lowering.add("Mul", y, lowering.unsqueeze(filter, axes: [2, 3]))
    }
    return [y]
  }

  /// Each sample's weights, `[N, groups, O/groups, I/groups · taps]`, or the same of all where no attention makes them.
  private func weights(kernel: ONNXValue?, spatial: ONNXValue?, _ lowering: ONNXLowering) throws -> ONNXValue {
    let extents = try lowering.fixedExtents(of: 1, from: 0)
    let (kernels, outputs, inputs, taps) = (extents[0], extents[1], extents[2], extents[3] * extents[4])
    var weights = lowering.inputs[1]
    if let kernel {
      let matrix = lowering.reshape(weights, to: [kernels, outputs * inputs * taps])
      weights = lowering.add("MatMul", kernel, matrix)
    }
    if let spatial {
      let each = lowering.reshape(weights, to: [-1, outputs * inputs, taps])
      weights = lowering.add("Mul", each, lowering.unsqueeze(spatial, axes: [1]))
    }
    return lowering.reshape(weights, to: [-1, geometry.groups, outputs / geometry.groups, inputs * taps])
  }

  /// The pixels under each window, `[N, groups, I/groups · taps, H′·W′]`.
  private func columns(of image: ONNXValue, _ lowering: ONNXLowering) throws -> ONNXValue {
    let kernel = try lowering.fixedExtents(of: 1, from: 3)
    let input = try lowering.fixedExtents(of: 0, from: 1)
    let output = try lowering.fixed(Array(lowering.outputExtents[0].dropFirst(2)))
    let (stride, dilation, padding) = (geometry.stride, geometry.dilation, geometry.padding)
    var x = image
    if padding != Extent2D(0) {
      let pads = [0, 0, padding.height, padding.width]
      x = lowering.add("Pad", x, lowering.constant(pads + pads))
    }
    let taps = (0..<kernel[0]).flatMap { row in
      (0..<kernel[1]).map { column -> ONNXValue in
        let (top, left) = (row * dilation.height, column * dilation.width)
        let ends = [top + (output[0] - 1) * stride.height + 1, left + (output[1] - 1) * stride.width + 1]
        let positions = [lowering.constant([top, left]), lowering.constant(ends), lowering.constant([2, 3])]
        let steps = stride == Extent2D(1) ? [] : [lowering.constant([stride.height, stride.width])]
        return lowering.add("Slice", [x] + positions + steps)
      }
    }
    // Below one another in each channel, so that a channel's taps stand together.
    let together = taps.count == 1 ? taps[0] : lowering.add("Concat", taps, attributes: ["axis": .integer(2)])
    return lowering.reshape(
      together, to: [-1, geometry.groups, input[0] / geometry.groups * taps.count, output[0] * output[1]])
  }
}
