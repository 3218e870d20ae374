import CLabKernels
import LabCore
import LabGraph

extension Emission {
  /// Puts a blocked value together from channels of others; those that nobody gives are zeros.
  func emitSelection(_ channels: [ChannelSource?], for value: ValueID) throws {
    var values: [ValueID] = []
    var positions: [ValueID: Int32] = [:]
    for case let source? in channels where positions[source.value] == nil {
      positions[source.value] = Int32(values.count)
      values.append(source.value)
    }
    let sources = try values.map { try demand($0, .blocked) }
    let result = define(value, .blocked)
    let extent = extent(value)
    let padding = [Int32](repeating: -1, count: extent.blocks * block - channels.count)
    let origins = channels.map { $0.map { positions[$0.value]! } ?? -1 } + padding
    let table = channels.map { Int32($0?.channel ?? -1) } + padding
    let blocks = values.map { self.extent($0).blocks }
    let kernel = kernelTable.selectChannels!
    add(
      ChunkKernel(.reorder, path: node.path, samples: extent.samples, reads: sources, writes: [result]) { worker in
        var part = extent
        part.samples = worker.count
        let pointers = sources.map { UnsafePointer<Float>?(worker.pointer($0)) }
        pointers.withUnsafeBufferPointer { pointers in
          origins.withUnsafeBufferPointer { origins in
            table.withUnsafeBufferPointer { table in
              blocks.withUnsafeBufferPointer { blocks in
                var arguments = LabSelection(
                  extent: part, sources: pointers.baseAddress, sourceBlocks: blocks.baseAddress,
                  origins: origins.baseAddress, channels: table.baseAddress, y: worker.pointer(result))
                kernel(&arguments)
              }
            }
          }
        }
      })
  }
}

extension ChannelShuffle: Emittable {
  /// There is nothing to emit: the result is always a selection of channels.
  func emit(_ node: Graph.Node, in emission: Emission) throws {}
}

extension Concatenation: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let y = node.outputs[0]
    let (axis, shapes) = (axis, node.inputs.map(emission.shape))
    if emission.isImageAxis(axis, of: y) {
      var place = 0
      let parts = zip(node.inputs, shapes).map { value, shape in
        defer { place += shape[axis] }
        return ImagePart(value: value, shape, axis: axis, place: place)
      }
      return try emission.emitParts(parts, to: y)
    }
    let sources = try node.inputs.map { try emission.demand($0, .flat) }
    let result = emission.define(y, .flat)
    let strides = emission.shape(y).strides
    let copy = emission.kernelTable.copyStrided!
    emission.add(
      WholeKernel(.reorder, path: node.path, reads: sources, writes: [result]) { step in
        var start = 0
        for (source, shape) in zip(sources, shapes) {
          copy(
            shape.rank, shape.dimensions, step.pointer(source), shape.strides,
            step.pointer(result) + start * strides[axis], strides)
          start += shape[axis]
        }
      })
  }
}

extension Slice: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let shape = emission.shape(x)
    if emission.isImageAxis(axis, of: x) {
      return try emission.emitParts([ImagePart(value: x, shape, axis: axis, start: start, count: count)], to: y)
    }
    let source = try emission.demand(x, .flat)
    let result = emission.define(y, .flat)
    let target = emission.shape(y)
    emission.emitStridedCopy(
      from: source, offset: start * shape.strides[axis], strides: shape.strides, dims: target.dimensions, to: result,
      targetStrides: target.strides)
  }
}

extension Pad: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let (shape, target) = (emission.shape(x), emission.shape(y))
    if emission.isImageAxis(axis, of: x) {
      return try emission.emitParts([ImagePart(value: x, shape, axis: axis, place: before)], to: y, isWhole: false)
    }
    let source = try emission.demand(x, .flat)
    let result = emission.define(y, .flat)
    let copy = emission.kernelTable.copyStrided!
    let offset = before * target.strides[axis]
    emission.add(
      WholeKernel(.reorder, path: node.path, reads: [source], writes: [result]) { step in
        step.pointer(result).update(repeating: 0, count: target.elementCount)
        copy(
          shape.rank, shape.dimensions, step.pointer(source), shape.strides, step.pointer(result) + offset,
          target.strides)
      })
  }
}

extension Permute: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let source = try emission.demand(x, .flat)
    let result = emission.define(y, .flat)
    let (shape, target) = (emission.shape(x), emission.shape(y))
    emission.emitStridedCopy(
      from: source, strides: order.map { shape.strides[$0] }, dims: target.dimensions, to: result,
      targetStrides: target.strides)
  }
}

extension Dropout: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    // The mask belongs to row-major positions, so that it does not depend on a machine's layout.
    let source = try emission.demand(node.inputs[0], .flat)
    let step = try emission.demand(node.inputs[1], .flat)
    let result = emission.define(node.outputs[0], .flat)
    let count = emission.shape(node.outputs[0]).elementCount
    let kernel = emission.kernelTable.dropout!
    let (rate, key) = (rate, key)
    emission.add(
      WholeKernel(
        .elementwise, path: node.path, reads: [source, step], writes: [result], replacements: [(result, source)]
      ) { memory in
        kernel(
          count, rate, key.x, key.y, UInt32(bitPattern: memory.integers(step)[0]), 0, memory.pointer(source),
          memory.pointer(result))
      })
  }
}
