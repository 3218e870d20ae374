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

extension Pooling2D: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (x, y) = (node.inputs[0], node.outputs[0])
    let source = try emission.demand(x, .blocked)
    let result = emission.define(y, .blocked)
    let extent = emission.extent(x)
    let pooling = LabPooling(geometry, input: emission.shape(x), output: emission.shape(y))
    let (kernels, function) = (emission.kernelTable, function)
    emission.add(
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

extension Pooling2DGradient: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (upstream, x, y, dx) = (node.inputs[0], node.inputs[1], node.inputs[2], node.outputs[0])
    let extent = emission.extent(x)
    let pooling = LabPooling(geometry, input: emission.shape(x), output: emission.shape(y))
    let kernels = emission.kernelTable
    let gradient = try emission.demand(upstream, .blocked)
    switch function {
    case .maximum:
      let (image, maxima) = (try emission.demand(x, .blocked), try emission.demand(y, .blocked))
      let result = emission.define(dx, .blocked)
      emission.add(
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
      let result = emission.define(dx, .blocked)
      emission.add(
        ChunkKernel(.reduction, path: node.path, samples: extent.samples, reads: [gradient], writes: [result]) {
          worker in
          var part = extent
          part.samples = worker.count
          kernels.averagePoolGradient(part, pooling, countsPadding, worker.pointer(gradient), worker.pointer(result))
        })
    }
  }
}
