import LabCore
import LabGraph

extension Reshape: ONNXOperation {
  /// The shape is that of the result, whose extents are compared.
  public static var comparesAttributes: Bool { true }

  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    [try lowering.reshape(lowering.inputs[0], to: lowering.outputExtents[0])]
  }
}

extension Permute: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) -> [ONNXValue?] {
    [lowering.add("Transpose", lowering.inputs[0], attributes: ["perm": .integers(order)])]
  }
}

extension Concatenation: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) -> [ONNXValue?] {
    [lowering.add("Concat", lowering.inputs, attributes: ["axis": .integer(axis)])]
  }
}

extension Slice: ONNXOperation {
  public static var comparesAttributes: Bool { true }

  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    let other = lowering.counterpart(of: self)
    let (first, last) = try (
      lowering.extent(start, other.start), lowering.extent(start + count, other.start + other.count)
    )
    guard other.axis == axis else {
      throw ONNXError.batch(
        path: lowering.path, problem: "\(Self.name) is along another axis for another size of the batch")
    }
    let (x, whole) = (lowering.inputs[0], lowering.inputExtents[0][axis])
    return [
      lowering.add(
        "Slice", x, try lowering.position(first, along: axis, of: x, whole),
        try lowering.position(last, along: axis, of: x, whole), lowering.constant([axis]))
    ]
  }
}

extension ONNXLowering {
  /// A position along an axis, computed where it depends on the batch.
  fileprivate func position(
    _ position: ONNXExtent, along axis: Int, of value: ONNXValue, _ whole: ONNXExtent
  ) throws -> ONNXValue {
    switch (position, whole) {
    // The first samples of a batch would be others in another batch.
    case (.fixed(let place), .batch) where place != 0:
      throw ONNXError.batch(path: path, problem: "it takes \(place) along an axis that is as long as the batch")
    case (.fixed(let place), _): return constant([place])
    case (.batch, .fixed):
      throw ONNXError.batch(path: path, problem: "a position along an axis of fixed length depends on the batch")
    case (.batch(let multiple), .batch(let count)):
      let extent = add("Shape", value, attributes: ["start": .integer(axis), "end": .integer(axis + 1)])
      guard multiple != count else { return extent }
      return add("Div", add("Mul", extent, constant([multiple])), constant([count]))
    }
  }
}

extension Pad: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    _ = try lowering.fixed([lowering.inputExtents[0][axis]])
    let rank = lowering.inputExtents[0].count
    let pads = [before, after].flatMap { pad in (0..<rank).map { $0 == axis ? pad : 0 } }
    return [lowering.add("Pad", lowering.inputs[0], lowering.constant(pads))]
  }
}

extension Broadcast: ONNXOperation {
  public static var comparesAttributes: Bool { true }

  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    var other = lowering.counterpart(of: self)
    other.shape = shape
    guard other == self else {
      throw ONNXError.batch(
        path: lowering.path, problem: "\(Self.name) has other attributes for another size of the batch")
    }
    let extents = lowering.outputExtents[0]
    _ = try lowering.fixed(axes.map { extents[$0] })
    let widened = axes.isEmpty ? lowering.inputs[0] : lowering.unsqueeze(lowering.inputs[0], axes: axes)
    // An extent of 1 leaves the operand's as it is.
    let target = extents.enumerated().map { axes.contains($0) ? $1.fixedValue ?? 1 : 1 }
    let repeated = lowering.add("Expand", widened, lowering.constant(target))
    return [factor == 1 ? repeated : lowering.add("Mul", repeated, lowering.constant(factor))]
  }
}

extension ChannelShuffle: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    let extents = try lowering.fixedExtents(of: 0, from: 1)
    let split = lowering.reshape(
      lowering.inputs[0], to: [-1, groups, extents[0] / groups, extents[1] * extents[2]])
    let shuffled = lowering.add("Transpose", split, attributes: ["perm": .integers([0, 2, 1, 3])])
    return [lowering.reshape(shuffled, to: [-1] + extents)]
  }
}

extension SpaceToDepth: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    let extents = try lowering.fixedExtents(of: 0, from: 1)
    let (height, width) = (extents[1] / scale, extents[2] / scale)
    let split = lowering.reshape(lowering.inputs[0], to: [-1, extents[0], height, scale, width, scale])
    // ONNX's own operator lets the column's offset vary fastest, this one the row's.
    let moved = lowering.add("Transpose", split, attributes: ["perm": .integers([0, 5, 3, 1, 2, 4])])
    return [lowering.reshape(moved, to: [-1, extents[0] * scale * scale, height, width])]
  }
}

extension DepthToSpace: ONNXOperation {
  public func lower(_ lowering: ONNXLowering) throws -> [ONNXValue?] {
    let extents = try lowering.fixedExtents(of: 0, from: 1)
    let channels = extents[0] / (scale * scale)
    let split = lowering.reshape(lowering.inputs[0], to: [-1, scale, scale, channels, extents[1], extents[2]])
    let moved = lowering.add("Transpose", split, attributes: ["perm": .integers([0, 3, 4, 2, 5, 1])])
    return [lowering.reshape(moved, to: [-1, channels, extents[1] * scale, extents[2] * scale])]
  }
}
