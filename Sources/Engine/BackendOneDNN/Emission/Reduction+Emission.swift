import CLabKernels
import LabCore
import LabGraph

extension Reduction: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    if emission.naturalForm(x) == .blocked {
      if axes == [2, 3], function != .maximum { return try emitPooling(x, y, emission) }
      if axes == [0, 2, 3], function == .sum { return try emitChannelSums(x, y, emission) }
      if axes == [1] { return try emitOverChannels(x, y, emission) }
      if axes == [2, 3] { return try emitPooledMaximum(x, y, emission) }
    }
    try emitGeneral(x, y, node, emission)
  }

  /// Sums over pixels are made by the pass that computes the image.
  private func emitPooling(_ x: ValueID, _ y: ValueID, _ emission: Emission) throws {
    let extent = emission.extent(x)
    let factor = function == .mean ? 1 / Float(extent.pixels) : 1
    let sums: SlotID
    if let known = emission.byproducts.pooledSums[x] {
      sums = known
    } else if case .apply(let expression) = emission.fusion.expressions[x], expression.isCheap,
      emission.values[x, .blocked] == nil
    {
      // Only the sums are wanted now: whoever reads the image itself computes it then.
      sums = emission.addPooledSlot(x)
      emission.byproducts.pooledSums[x] = sums
      try emission.emitApply(expression, for: x, to: nil, pooled: sums)
    } else {
      let source = try emission.demand(x, .blocked)
      if let known = emission.byproducts.pooledSums[x] {
        sums = known
      } else {
        sums = emission.addPooledSlot(x)
        emission.byproducts.pooledSums[x] = sums
        let kernel = emission.kernelTable.poolSums!
        emission.add(
          ChunkKernel(.reduction, path: emission.node.path, samples: extent.samples, reads: [source], writes: [sums]) {
            worker in
            var part = extent
            part.samples = worker.count
            kernel(part, worker.pointer(source), 1, worker.pointer(sums))
          })
      }
    }
    let result = emission.define(y, .flat)
    let (channels, padded) = (extent.channels, emission.paddedChannels(x))
    let unary = emission.kernelTable.unary!
    emission.add(
      WholeKernel(.reduction, path: emission.node.path, reads: [sums], writes: [result]) { step in
        if channels == padded {
          unary(extent.samples * channels, LAB_AFFINE, factor, 0, step.pointer(sums), step.pointer(result))
        } else {
          for n in 0..<extent.samples {
            unary(channels, LAB_AFFINE, factor, 0, step.pointer(sums) + n * padded, step.pointer(result) + n * channels)
          }
        }
      })
  }

  private func emitChannelSums(_ x: ValueID, _ y: ValueID, _ emission: Emission) throws {
    let source = try emission.demand(x, .blocked)
    let result = emission.define(y, .flat)
    let (extent, kernel) = (emission.extent(x), emission.kernelTable.channelSums!)
    emission.add(
      SumKernel(
        .reduction, path: emission.node.path, samples: extent.samples, reads: [source], sums: result,
        count: extent.channels, paddedCount: emission.paddedChannels(x)
      ) { worker, sums in
        var part = extent
        part.samples = worker.count
        kernel(part, worker.pointer(source), sums)
      })
  }

  private func emitOverChannels(_ x: ValueID, _ y: ValueID, _ emission: Emission) throws {
    let (kernel, code) = (emission.kernelTable.reduceChannels!, function.kernelCode)
    emission.emitOverImage(.reduction, x, [try emission.demand(x, .blocked)], to: emission.define(y, .flat)) {
      kernel($0, code, $1[0], $2)
    }
  }

  private func emitPooledMaximum(_ x: ValueID, _ y: ValueID, _ emission: Emission) throws {
    let kernel = emission.kernelTable.poolMaximum!
    // With one pixel a channel, the blocked form is the padded matrix.
    let form: Form = emission.shape(x)[1] % emission.block == 0 ? .flat : .blocked
    emission.emitOverImage(.reduction, x, [try emission.demand(x, .blocked)], to: emission.define(y, form)) {
      kernel($0, $1[0], $2)
    }
  }

  /// Any axes: those that are reduced are moved together first where they are not neighbours.
  private func emitGeneral(_ x: ValueID, _ y: ValueID, _ node: Graph.Node, _ emission: Emission) throws {
    let shape = emission.shape(x)
    var source = try emission.demand(x, .flat)
    guard !axes.isEmpty else {
      // Nothing is reduced, so operand and result are the same memory.
      emission.values[y, .flat] = source
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
      let moved = emission.addWhole(floats: shape.elementCount)
      let dims = order.map { shape[$0] }
      let strides = order.map { shape.strides[$0] }
      let targetStrides = Shape(dims).strides
      let copy = emission.kernelTable.copyStrided!
      let from = source
      emission.add(
        WholeKernel(.reorder, path: node.path, reads: [from], writes: [moved]) { step in
          copy(dims.count, dims, step.pointer(from), strides, step.pointer(moved), targetStrides)
        })
      source = moved
      outer = kept.reduce(1) { $0 * shape[$1] }
      reduced = axes.reduce(1) { $0 * shape[$1] }
    }
    let result = emission.define(y, .flat)
    let code = function.kernelCode
    let kernel = emission.kernelTable.reduce!
    let (rows, count, columns, operand) = (outer, reduced, inner, source)
    emission.add(
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

extension Emission {
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

extension Broadcast: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    if emission.naturalForm(y) == .blocked, axes == [1] {
      let (kernel, factor) = (emission.kernelTable.broadcastChannels!, factor)
      return emission.emitOverImage(
        .elementwise, y, [try emission.demand(x, .flat)], to: emission.define(y, .blocked)
      ) { kernel($0, $1[0], factor, $2) }
    }
    let source = try emission.demand(x, .flat)
    let result = emission.define(y, .flat)
    let dims = shape.dimensions.isEmpty ? [1] : shape.dimensions
    let own = emission.shape(x).strides
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
      emission.kernelTable.copyStrided!, emission.kernelTable.unary!, factor, shape.elementCount
    )
    let sourceStrides = strides
    emission.add(
      WholeKernel(.elementwise, path: node.path, reads: [source], writes: [result]) { step in
        copy(dims.count, dims, step.pointer(source), sourceStrides, step.pointer(result), targetStrides)
        if factor != 1 { unary(count, LAB_AFFINE, factor, 0, step.pointer(result), step.pointer(result)) }
      })
  }
}

extension MaximumGradient: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (upstream, x, maxima) = (node.inputs[0], node.inputs[1], node.inputs[2])
    if emission.naturalForm(x) == .blocked, axes == [1] || axes == [2, 3] {
      let kernel =
        axes == [1] ? emission.kernelTable.maximumOfChannelsGradient! : emission.kernelTable.poolMaximumGradient!
      let vectors = try [upstream, maxima].map {
        axes == [1] ? try emission.demand($0, .flat) : try emission.demandPaddedMatrix($0)
      }
      let reads = [vectors[0], try emission.demand(x, .blocked), vectors[1]]
      let result = emission.define(node.outputs[0], .blocked)
      return emission.emitOverImage(.reduction, x, reads, to: result) { kernel($0, $1[0], $1[1], $1[2], $2) }
    }
    try emitGeneral(node, emission)
  }

  private func emitGeneral(_ node: Graph.Node, _ emission: Emission) throws {
    let shape = emission.shape(node.inputs[1])
    let reads = try node.inputs.map { try emission.demand($0, .flat) }
    let result = emission.define(node.outputs[0], .flat)
    let (axes, strides) = (self.axes, shape.strides)
    let kept = shape.dimensions.indices.filter { !axes.contains($0) }
    let keptShape = Shape(kept.map { shape[$0] })
    let reducedShape = Shape(axes.map { shape[$0] })
    emission.add(
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
