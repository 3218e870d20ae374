import CLabKernels
import LabCore
import LabGraph

/// A channel of a blocked value.
struct ChannelSource: Hashable {
  var value: ValueID
  var channel: Int
}

extension Lowering {
  /// The channels that a blocked value has: its own, or those it will be put together from.
  fileprivate func channelSources(_ value: ValueID) -> [ChannelSource?] {
    if case .selection(let sources) = pending[value] { return sources }
    return (0..<shape(value)[1]).map { ChannelSource(value: value, channel: $0) }
  }

  /// The sum of two selections that share no channel, or nil.
  func disjointSum(_ a: ValueID, _ b: ValueID) -> [ChannelSource?]? {
    guard case .selection(let left) = pending[a], case .selection(let right) = pending[b],
      zip(left, right).allSatisfy({ $0 == nil || $1 == nil })
    else { return nil }
    return zip(left, right).map { $0 ?? $1 }
  }

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

extension ChannelShuffle: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let channels = lowering.channelSources(node.inputs[0])
    lowering.pending[node.outputs[0]] = .selection(sources(channels: channels.count).map { channels[$0] })
  }
}

extension Concatenation: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let y = node.outputs[0]
    if axis == 1, lowering.naturalForm(y) == .blocked {
      lowering.pending[y] = .selection(node.inputs.flatMap(lowering.channelSources))
      return
    }
    let (axis, shapes) = (axis, node.inputs.map(lowering.shape))
    if lowering.isImageAxis(axis, of: y) {
      var place = 0
      let parts = zip(node.inputs, shapes).map { value, shape in
        defer { place += shape[axis] }
        return ImagePart(value: value, shape, axis: axis, place: place)
      }
      return try lowering.emitParts(parts, to: y)
    }
    let sources = try node.inputs.map { try lowering.demand($0, .flat) }
    let result = lowering.define(y, .flat)
    let strides = lowering.shape(y).strides
    let copy = lowering.kernelTable.copyStrided!
    lowering.add(
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

extension Slice: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let shape = lowering.shape(x)
    if axis == 1, lowering.naturalForm(x) == .blocked {
      lowering.pending[y] = .selection(Array(lowering.channelSources(x)[start..<start + count]))
      return
    }
    if lowering.isImageAxis(axis, of: x) {
      return try lowering.emitParts([ImagePart(value: x, shape, axis: axis, start: start, count: count)], to: y)
    }
    let source = try lowering.demand(x, .flat)
    let result = lowering.define(y, .flat)
    let target = lowering.shape(y)
    lowering.emitStridedCopy(
      from: source, offset: start * shape.strides[axis], strides: shape.strides, dims: target.dimensions, to: result,
      targetStrides: target.strides)
  }
}

extension Pad: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let (shape, target) = (lowering.shape(x), lowering.shape(y))
    if axis == 1, lowering.naturalForm(y) == .blocked {
      let (before, after) = (
        [ChannelSource?](repeating: nil, count: before), [ChannelSource?](repeating: nil, count: after)
      )
      lowering.pending[y] = .selection(before + lowering.channelSources(x) + after)
      return
    }
    if lowering.isImageAxis(axis, of: x) {
      return try lowering.emitParts([ImagePart(value: x, shape, axis: axis, place: before)], to: y, isWhole: false)
    }
    let source = try lowering.demand(x, .flat)
    let result = lowering.define(y, .flat)
    let copy = lowering.kernelTable.copyStrided!
    let offset = before * target.strides[axis]
    lowering.add(
      WholeKernel(.reorder, path: node.path, reads: [source], writes: [result]) { step in
        step.pointer(result).update(repeating: 0, count: target.elementCount)
        copy(
          shape.rank, shape.dimensions, step.pointer(source), shape.strides, step.pointer(result) + offset,
          target.strides)
      })
  }
}

extension Permute: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let source = try lowering.demand(x, .flat)
    let result = lowering.define(y, .flat)
    let (shape, target) = (lowering.shape(x), lowering.shape(y))
    lowering.emitStridedCopy(
      from: source, strides: order.map { shape.strides[$0] }, dims: target.dimensions, to: result,
      targetStrides: target.strides)
  }
}

extension Dropout: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    // The mask belongs to row-major positions, so that it does not depend on a machine's layout.
    let source = try lowering.demand(node.inputs[0], .flat)
    let step = try lowering.demand(node.inputs[1], .flat)
    let result = lowering.define(node.outputs[0], .flat)
    let count = lowering.shape(node.outputs[0]).elementCount
    let kernel = lowering.kernelTable.dropout!
    let (rate, key) = (rate, key)
    lowering.add(
      WholeKernel(
        .elementwise, path: node.path, reads: [source, step], writes: [result], replacements: [(result, source)]
      ) { memory in
        kernel(
          count, rate, key.x, key.y, UInt32(bitPattern: memory.integers(step)[0]), 0, memory.pointer(source),
          memory.pointer(result))
      })
  }
}
