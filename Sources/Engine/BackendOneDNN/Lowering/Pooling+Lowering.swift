import CLabKernels
import LabCore
import LabGraph

extension LabPooling {
  /// The kernels' form of pooling an image.
  fileprivate init(_ geometry: PoolingGeometry, input: Shape, output: Shape) {
    self.init(
      height: input[2], width: input[3], outputHeight: output[2], outputWidth: output[3],
      windowHeight: geometry.window.height, windowWidth: geometry.window.width, rowStride: geometry.stride.height,
      columnStride: geometry.stride.width, rowPadding: geometry.padding.height, columnPadding: geometry.padding.width)
  }
}

extension Pooling2D: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let source = try lowering.demand(x, .blocked)
    let result = lowering.define(y, .blocked)
    let extent = lowering.extent(x)
    let pooling = LabPooling(geometry, input: lowering.shape(x), output: lowering.shape(y))
    let (kernels, function) = (lowering.kernelTable, function)
    lowering.add(
      ChunkKernel(.reduction, path: node.path, samples: extent.samples, reads: [source], writes: [result]) { worker in
        var part = extent
        part.samples = worker.count
        switch function {
        case .maximum: kernels.maxPool(part, pooling, worker.pointer(source), worker.pointer(result))
        case .average(let countsPadding):
          kernels.averagePool(part, pooling, countsPadding, worker.pointer(source), worker.pointer(result))
        }
      })
  }
}

extension Pooling2DGradient: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let (upstream, x, y, dx) = (node.inputs[0], node.inputs[1], node.inputs[2], node.outputs[0])
    let extent = lowering.extent(x)
    let pooling = LabPooling(geometry, input: lowering.shape(x), output: lowering.shape(y))
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
            part, pooling, worker.pointer(image), worker.pointer(maxima), worker.pointer(gradient),
            worker.pointer(result))
        })
    case .average(let countsPadding):
      let result = lowering.define(dx, .blocked)
      lowering.add(
        ChunkKernel(.reduction, path: node.path, samples: extent.samples, reads: [gradient], writes: [result]) {
          worker in
          var part = extent
          part.samples = worker.count
          kernels.averagePoolGradient(part, pooling, countsPadding, worker.pointer(gradient), worker.pointer(result))
        })
    }
  }
}
