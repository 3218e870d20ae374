import CLabKernels
import LabCore
import LabGraph

extension Emission {
  /// An image that is normalised in groups of its channels.
  fileprivate func groupedImage(_ x: ValueID, groups: Int) throws -> GroupedImage {
    GroupedImage(x: try demand(x, .blocked), extent: extent(x), groups: groups, block: block)
  }
}

extension GroupNormalization: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let x = node.inputs[0]
    let image = try emission.groupedImage(x, groups: groups)
    func addMatrix() -> SlotID {
      let samples = image.extent.samples
      return emission.addSlot(samples: samples, bytes: samples * image.paddedChannels * 4)
    }
    let affine = ChannelAffine(scale: addMatrix(), shift: addMatrix(), isPerSample: true)
    emission.add(
      GroupStatisticsKernel(
        image, epsilon: epsilon, scale: try emission.demand(node.inputs[1], .flat),
        shift: try emission.demand(node.inputs[2], .flat), mean: emission.define(node.outputs[1], .flat),
        inverseDeviation: emission.define(node.outputs[2], .flat), affine: affine, kernels: emission.kernelTable,
        path: node.path))
    emission.byproducts.affines[node.outputs[0]] = affine
  }
}

extension GroupNormalizationGradient: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let upstream = try emission.demand(node.inputs[0], .blocked)
    let image = try emission.groupedImage(node.inputs[1], groups: groups)
    let vectors = try node.inputs[2...].map { try emission.demand($0, .flat) }
    emission.add(
      GroupGradientKernel(
        image, upstream: upstream, scale: vectors[0], mean: vectors[1], inverseDeviation: vectors[2],
        dx: emission.define(node.outputs[0], .blocked), scaleGradient: emission.define(node.outputs[1], .flat),
        shiftGradient: emission.define(node.outputs[2], .flat), kernels: emission.kernelTable, path: node.path))
  }
}
