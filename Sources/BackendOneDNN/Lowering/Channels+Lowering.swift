import CLabKernels
import LabCore
import LabGraph

/// A run of floats that moves from one sample's place to another.
private struct Move {
  var from: Int
  var to: Int
  var count: Int
}

extension Lowering {
  /// Whether channels of a value can be moved in whole blocks.
  fileprivate func isWholeBlocks(_ counts: [Int]) -> Bool { counts.allSatisfy { $0 % block == 0 } }

  /// Copies runs of each sample from one tensor to another.
  fileprivate func emitMoves(
    _ moves: [Move], zeroes: Bool, from source: SlotID, to target: SlotID, samples: Int
  ) {
    let targetFloats = slots[target.index].bytesPerSample / 4
    add(
      ChunkKernel(.reorder, path: node.path, samples: samples, reads: [source], writes: [target]) { worker in
        for index in worker.samples {
          let (x, y) = (worker.pointer(source, sample: index), worker.pointer(target, sample: index))
          if zeroes { y.update(repeating: 0, count: targetFloats) }
          for move in moves { (y + move.to).update(from: x + move.from, count: move.count) }
        }
      })
  }
}

extension Concatenation: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let y = node.outputs[0]
    let shapes = node.inputs.map(lowering.shape)
    if axis == 1, lowering.naturalForm(y) == .blocked, lowering.isWholeBlocks(shapes.map { $0[1] }) {
      let sources = try node.inputs.map { try lowering.demand($0, .blocked) }
      let result = lowering.define(y, .blocked)
      let counts = shapes.map { $0.elementCount / $0[0] }
      lowering.add(
        ChunkKernel(.reorder, path: node.path, samples: shapes[0][0], reads: sources, writes: [result]) { worker in
          for index in worker.samples {
            var target = worker.pointer(result, sample: index)
            for (source, count) in zip(sources, counts) {
              target.update(from: worker.pointer(source, sample: index), count: count)
              target += count
            }
          }
        })
      return
    }
    let sources = try node.inputs.map { try lowering.demand($0, .flat) }
    let result = lowering.define(y, .flat)
    let strides = lowering.shape(y).strides
    let copy = lowering.kernelTable.copyStrided!
    let axis = axis
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
    if axis == 1, lowering.naturalForm(x) == .blocked, lowering.isWholeBlocks([shape[1], start, count]) {
      let source = try lowering.demand(x, .blocked)
      let result = lowering.define(y, .blocked)
      let pixels = shape[2] * shape[3]
      lowering.emitMoves(
        [Move(from: start * pixels, to: 0, count: count * pixels)], zeroes: false, from: source, to: result,
        samples: shape[0])
      return
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
    if axis == 1, lowering.naturalForm(x) == .blocked, lowering.isWholeBlocks([shape[1], before, after]) {
      let source = try lowering.demand(x, .blocked)
      let result = lowering.define(y, .blocked)
      let pixels = shape[2] * shape[3]
      lowering.emitMoves(
        [Move(from: 0, to: before * pixels, count: shape[1] * pixels)], zeroes: true, from: source, to: result,
        samples: shape[0])
      return
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
