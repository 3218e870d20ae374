import CLabKernels
import LabCore
import LabGraph

extension Reshape: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let source = try emission.demand(x, .flat)
    let (from, to) = (emission.shape(x), shape)
    // The same memory under another shape, as long as samples stay samples.
    if emission.graph.type(of: x).element == .float32, from.rank > 0, to.rank > 0, from[0] == to[0] {
      emission.values[y, .flat] = source
      return
    }
    let result = emission.define(y, .flat)
    let byteCount = emission.graph.type(of: y).byteCount
    emission.add(
      WholeKernel(.reorder, path: node.path, reads: [source], writes: [result]) { step in
        UnsafeMutableRawPointer(step.pointer(result)).copyMemory(from: step.pointer(source), byteCount: byteCount)
      })
  }
}

extension Emission {
  /// Emits a copy of a flat tensor's elements by strides.
  func emitStridedCopy(
    from source: SlotID, offset: Int = 0, strides: [Int], dims: [Int], to target: SlotID, targetOffset: Int = 0,
    targetStrides: [Int]
  ) {
    let copy = kernelTable.copyStrided!
    add(
      WholeKernel(.reorder, path: node.path, reads: [source], writes: [target]) { step in
        copy(
          dims.count, dims, step.pointer(source) + offset, strides, step.pointer(target) + targetOffset, targetStrides)
      })
  }
}

extension SpaceToDepth: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let shape = emission.shape(x)
    if emission.naturalForm(x) == .blocked, shape[1] % emission.block == 0 {
      return try emission.emitDepthChange(
        emission.kernelTable.spaceToDepth, extent: emission.extent(x), image: shape, scale: scale, from: x, to: y)
    }
    try emission.emitDepthCopy(image: shape, scale: scale, from: x, to: y, isInverse: false)
  }
}

extension DepthToSpace: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let shape = emission.shape(y)
    if emission.naturalForm(y) == .blocked, shape[1] % emission.block == 0 {
      return try emission.emitDepthChange(
        emission.kernelTable.depthToSpace, extent: emission.extent(x), image: emission.shape(x), scale: scale, from: x,
        to: y)
    }
    try emission.emitDepthCopy(image: shape, scale: scale, from: x, to: y, isInverse: true)
  }
}

extension Emission {
  /// Moves whole blocks of channels between pixels and channels; `extent` and `image` are the operand's.
  fileprivate func emitDepthChange(
    _ kernel: (
      @convention(c) (LabExtent, Int, Int, Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void
    )!, extent: LabExtent, image: Shape, scale: Int, from x: ValueID, to y: ValueID
  ) throws {
    let source = try demand(x, .blocked)
    let result = define(y, .blocked)
    let move = kernel!
    add(
      ChunkKernel(.reorder, path: node.path, samples: image[0], reads: [source], writes: [result]) { worker in
        var part = extent
        part.samples = worker.count
        move(part, image[2], image[3], scale, worker.pointer(source), worker.pointer(result))
      })
  }

  fileprivate func emitDepthCopy(image: Shape, scale: Int, from x: ValueID, to y: ValueID, isInverse: Bool) throws {
    let source = try demand(x, .flat)
    let result = define(y, .flat)
    let (n, c, h, w) = (image[0], image[1], image[2] / scale, image[3] / scale)
    // Axes: sample, column offset, row offset, channel, row, column.
    let dims = [n, scale, scale, c, h, w]
    let wide = [
      c * image[2] * image[3], 1, image[3], image[2] * image[3], scale * image[3], scale,
    ]
    let deep = [c * scale * scale * h * w, scale * c * h * w, c * h * w, h * w, w, 1]
    emitStridedCopy(
      from: source, strides: isInverse ? deep : wide, dims: dims, to: result, targetStrides: isInverse ? wide : deep)
  }
}
