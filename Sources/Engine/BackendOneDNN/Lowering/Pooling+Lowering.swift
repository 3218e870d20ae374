import CLabKernels
import LabCore
import LabGraph

extension PoolingGeometry {
  /// The kernels' list of extents: input, output, window, stride, padding.
  fileprivate func dims(input: Shape, output: Shape) -> [Int] {
    [
      input[2], input[3], output[2], output[3], window.height, window.width, stride.height, stride.width,
      padding.height, padding.width,
    ]
  }
}

extension Pooling2D: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let source = try lowering.demand(x, .blocked)
    let result = lowering.define(y, .blocked)
    let extent = lowering.extent(x)
    let dims = geometry.dims(input: lowering.shape(x), output: lowering.shape(y))
    let (kernels, function) = (lowering.kernelTable, function)
    lowering.add(
      ChunkKernel(.reduction, path: node.path, samples: extent.samples, reads: [source], writes: [result]) { worker in
        var part = extent
        part.samples = worker.count
        switch function {
        case .maximum: kernels.maxPool(part, dims, worker.pointer(source), worker.pointer(result))
        case .average(let countsPadding):
          kernels.averagePool(part, dims, countsPadding, worker.pointer(source), worker.pointer(result))
        }
      })
  }
}

extension Pooling2DGradient: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (upstream, x, y, dx) = (node.inputs[0], node.inputs[1], node.inputs[2], node.outputs[0])
    let extent = lowering.extent(x)
    let dims = geometry.dims(input: lowering.shape(x), output: lowering.shape(y))
    let kernels = lowering.kernelTable
    let gradient = try lowering.demand(upstream, .blocked)
    switch function {
    case .maximum:
      let (image, maxima) = (try lowering.demand(x, .blocked), try lowering.demand(y, .blocked))
      let result = lowering.define(dx, .blocked)
      lowering.add(
        ChunkKernel(
          .reduction, path: node.path, samples: extent.samples, reads: [image, maxima, gradient], writes: [result]
        ) { worker in
          var part = extent
          part.samples = worker.count
          kernels.maxPoolGradient(
            part, dims, worker.pointer(image), worker.pointer(maxima), worker.pointer(gradient), worker.pointer(result))
        })
    case .average(let countsPadding):
      let result = lowering.define(dx, .blocked)
      lowering.add(
        ChunkKernel(.reduction, path: node.path, samples: extent.samples, reads: [gradient], writes: [result]) {
          worker in
          var part = extent
          part.samples = worker.count
          kernels.averagePoolGradient(part, dims, countsPadding, worker.pointer(gradient), worker.pointer(result))
        })
    }
  }
}
