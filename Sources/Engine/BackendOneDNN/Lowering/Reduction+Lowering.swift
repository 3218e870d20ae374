import CLabKernels
import LabCore
import LabGraph

extension Reduction: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    if lowering.naturalForm(x) == .blocked {
      if axes == [2, 3], function != .maximum { return try lowerPooling(x, y, lowering) }
      if axes == [0, 2, 3], function == .sum { return try lowerChannelSums(x, y, lowering) }
      if axes == [1] { return try lowerOverChannels(x, y, lowering) }
      if axes == [2, 3] { return try lowerPooledMaximum(x, y, lowering) }
    }
    try lowerGeneral(x, y, node, lowering)
  }

  /// Sums over pixels are made by the pass that computes the image.
  private func lowerPooling(_ x: ValueID, _ y: ValueID, _ lowering: Lowering) throws {
    let extent = lowering.extent(x)
    let factor = function == .mean ? 1 / Float(extent.pixels) : 1
    let sums: SlotID
    if let known = lowering.pooledSums[x] {
      sums = known
    } else if case .apply(let expression) = lowering.pending[x], expression.isCheap,
      lowering.available[.init(value: x, form: .blocked)] == nil
    {
      // Only the sums are wanted now: whoever reads the image itself computes it then.
      sums = lowering.addPooledSlot(x)
      lowering.pooledSums[x] = sums
      try lowering.emitApply(expression, for: x, to: nil, pooled: sums)
    } else {
      let source = try lowering.demand(x, .blocked)
      if let known = lowering.pooledSums[x] {
        sums = known
      } else {
        sums = lowering.addPooledSlot(x)
        lowering.pooledSums[x] = sums
        let kernel = lowering.kernelTable.poolSums!
        lowering.add(
          ChunkKernel(.reduction, path: lowering.node.path, samples: extent.samples, reads: [source], writes: [sums]) {
            worker in
            var part = extent
            part.samples = worker.count
            kernel(part, worker.pointer(source), 1, worker.pointer(sums))
          })
      }
    }
    let result = lowering.define(y, .flat)
    let (channels, padded) = (extent.channels, lowering.paddedChannels(x))
    let unary = lowering.kernelTable.unary!
    lowering.add(
      WholeKernel(.reduction, path: lowering.node.path, reads: [sums], writes: [result]) { step in
        if channels == padded {
          unary(extent.samples * channels, LAB_AFFINE, factor, 0, step.pointer(sums), step.pointer(result))
        } else {
          for n in 0..<extent.samples {
            unary(channels, LAB_AFFINE, factor, 0, step.pointer(sums) + n * padded, step.pointer(result) + n * channels)
          }
        }
      })
  }

  private func lowerChannelSums(_ x: ValueID, _ y: ValueID, _ lowering: Lowering) throws {
    let source = try lowering.demand(x, .blocked)
    let result = lowering.define(y, .flat)
    let (extent, kernel) = (lowering.extent(x), lowering.kernelTable.channelSums!)
    lowering.add(
      SumKernel(
        .reduction, path: lowering.node.path, samples: extent.samples, reads: [source], sums: result,
        count: extent.channels, paddedCount: lowering.paddedChannels(x)
      ) { worker, sums in
        var part = extent
        part.samples = worker.count
        kernel(part, worker.pointer(source), sums)
      })
  }

  private func lowerOverChannels(_ x: ValueID, _ y: ValueID, _ lowering: Lowering) throws {
    let (kernel, code) = (lowering.kernelTable.reduceChannels!, function.kernelCode)
    lowering.emitOverImage(.reduction, x, [try lowering.demand(x, .blocked)], to: lowering.define(y, .flat)) {
      kernel($0, code, $1[0], $2)
    }
  }

  private func lowerPooledMaximum(_ x: ValueID, _ y: ValueID, _ lowering: Lowering) throws {
    let kernel = lowering.kernelTable.poolMaximum!
    // With one pixel a channel, the blocked form is the padded matrix.
    let form: Form = lowering.shape(x)[1] % lowering.block == 0 ? .flat : .blocked
    lowering.emitOverImage(.reduction, x, [try lowering.demand(x, .blocked)], to: lowering.define(y, form)) {
      kernel($0, $1[0], $2)
    }
  }

  /// Any axes: those that are reduced are moved together first where they are not neighbours.
  private func lowerGeneral(_ x: ValueID, _ y: ValueID, _ node: Graph.Node, _ lowering: Lowering) throws {
    let shape = lowering.shape(x)
    var source = try lowering.demand(x, .flat)
    guard !axes.isEmpty else {
      // Nothing is reduced, so operand and result are the same memory.
      lowering.available[.init(value: y, form: .flat)] = source
      return
    }
    var (outer, reduced, inner) = (1, 1, 1)
    if let first = axes.first, axes == Array(first..<(first + axes.count)) {
      outer = shape.dimensions[..<first].reduce(1, *)
      reduced = shape.dimensions[first..<(first + axes.count)].reduce(1, *)
      inner = shape.dimensions[(first + axes.count)...].reduce(1, *)
    } else {
      let kept = shape.dimensions.indices.filter { !axes.contains($0) }
      let order = kept + axes
      let moved = lowering.addWhole(floats: shape.elementCount)
      let dims = order.map { shape[$0] }
      let strides = order.map { shape.strides[$0] }
      let targetStrides = Shape(dims).strides
      let copy = lowering.kernelTable.copyStrided!
      let from = source
      lowering.add(
        WholeKernel(.reorder, path: node.path, reads: [from], writes: [moved]) { step in
          copy(dims.count, dims, step.pointer(from), strides, step.pointer(moved), targetStrides)
        })
      source = moved
      outer = kept.reduce(1) { $0 * shape[$1] }
      reduced = axes.reduce(1) { $0 * shape[$1] }
    }
    let result = lowering.define(y, .flat)
    let code = function.kernelCode
    let kernel = lowering.kernelTable.reduce!
    let (rows, count, columns, operand) = (outer, reduced, inner, source)
    lowering.add(
      WholeKernel(.reduction, path: node.path, reads: [operand], writes: [result]) { step in
        kernel(rows, count, columns, code, step.pointer(operand), step.pointer(result))
      })
  }
}

extension Reduction.Function {
  /// The kernels' name of the function.
  fileprivate var kernelCode: LabReduction {
    switch self {
    case .sum: LAB_SUM
    case .mean: LAB_MEAN
    case .maximum: LAB_MAXIMUM
    }
  }
}

extension Lowering {
  /// Emits a kernel that reads tensors with a sample dimension, chunk by chunk, and is told the extent of an image.
  fileprivate func emitOverImage(
    _ kind: KernelKind, _ image: ValueID, _ reads: [SlotID], to result: SlotID,
    _ body: @escaping (LabExtent, [UnsafeMutablePointer<Float>], UnsafeMutablePointer<Float>) -> Void
  ) {
    let extent = extent(image)
    add(
      ChunkKernel(kind, path: node.path, samples: extent.samples, reads: reads, writes: [result]) { worker in
        var part = extent
        part.samples = worker.count
        body(part, reads.map(worker.pointer), worker.pointer(result))
      })
  }
}

extension Broadcast: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    if lowering.naturalForm(y) == .blocked, axes == [2, 3] {
      lowering.pending[y] = .broadcast(x, factor: factor)
      return
    }
    if lowering.naturalForm(y) == .blocked, axes == [1] {
      let (kernel, factor) = (lowering.kernelTable.broadcastChannels!, factor)
      return lowering.emitOverImage(
        .elementwise, y, [try lowering.demand(x, .flat)], to: lowering.define(y, .blocked)
      ) { kernel($0, $1[0], factor, $2) }
    }
    let source = try lowering.demand(x, .flat)
    let result = lowering.define(y, .flat)
    let dims = shape.dimensions.isEmpty ? [1] : shape.dimensions
    let own = lowering.shape(x).strides
    var position = 0
    var strides: [Int] = []
    for axis in 0..<shape.rank {
      if axes.contains(axis) {
        strides.append(0)
      } else {
        strides.append(own[position])
        position += 1
      }
    }
    if strides.isEmpty { strides = [0] }
    let targetStrides = Shape(dims).strides
    let (copy, unary, factor, count) = (
      lowering.kernelTable.copyStrided!, lowering.kernelTable.unary!, factor, shape.elementCount
    )
    let sourceStrides = strides
    lowering.add(
      WholeKernel(.elementwise, path: node.path, reads: [source], writes: [result]) { step in
        copy(dims.count, dims, step.pointer(source), sourceStrides, step.pointer(result), targetStrides)
        if factor != 1 { unary(count, LAB_AFFINE, factor, 0, step.pointer(result), step.pointer(result)) }
      })
  }
}

extension MaximumGradient: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (upstream, x, maxima) = (node.inputs[0], node.inputs[1], node.inputs[2])
    if lowering.naturalForm(x) == .blocked, axes == [1] || axes == [2, 3] {
      let kernel =
        axes == [1] ? lowering.kernelTable.maximumOfChannelsGradient! : lowering.kernelTable.poolMaximumGradient!
      let vectors = try [upstream, maxima].map {
        axes == [1] ? try lowering.demand($0, .flat) : try lowering.demandPaddedMatrix($0)
      }
      let reads = [vectors[0], try lowering.demand(x, .blocked), vectors[1]]
      let result = lowering.define(node.outputs[0], .blocked)
      return lowering.emitOverImage(.reduction, x, reads, to: result) { kernel($0, $1[0], $1[1], $1[2], $2) }
    }
    try lowerGeneral(node, lowering)
  }

  private func lowerGeneral(_ node: Graph.Node, _ lowering: Lowering) throws {
    let shape = lowering.shape(node.inputs[1])
    let reads = try node.inputs.map { try lowering.demand($0, .flat) }
    let result = lowering.define(node.outputs[0], .flat)
    let (axes, strides) = (self.axes, shape.strides)
    let kept = shape.dimensions.indices.filter { !axes.contains($0) }
    let keptShape = Shape(kept.map { shape[$0] })
    let reducedShape = Shape(axes.map { shape[$0] })
    lowering.add(
      WholeKernel(.reduction, path: node.path, reads: reads, writes: [result]) { step in
        let dx = step.pointer(result)
        dx.update(repeating: 0, count: shape.elementCount)
        for outer in 0..<keptShape.elementCount {
          let base = MaximumGradient.offset(outer, keptShape, kept.map { strides[$0] })
          for inner in 0..<reducedShape.elementCount {
            let at = base + MaximumGradient.offset(inner, reducedShape, axes.map { strides[$0] })
            guard step.pointer(reads[1])[at] == step.pointer(reads[2])[outer] else { continue }
            dx[at] = step.pointer(reads[0])[outer]
            break
          }
        }
      })
  }

  private static func offset(_ index: Int, _ shape: Shape, _ strides: [Int]) -> Int {
    var rest = index
    var offset = 0
    for axis in stride(from: shape.rank - 1, through: 0, by: -1) {
      offset += rest % shape[axis] * strides[axis]
      rest /= shape[axis]
    }
    return offset
  }
}
