import CLabKernels
import LabCore
import LabGraph

extension Lowering {
  /// An image that is normalised in groups of its channels.
  fileprivate func groupedImage(_ x: ValueID, groups: Int) throws -> GroupedImage {
    GroupedImage(x: try demand(x, .blocked), extent: extent(x), groups: groups, block: block)
  }
}

extension GroupNormalization: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let x = node.inputs[0]
    let image = try lowering.groupedImage(x, groups: groups)
    func addMatrix() -> SlotID {
      let samples = image.extent.samples
      return lowering.addSlot(samples: samples, bytes: samples * image.paddedChannels * 4)
    }
    let affine = ChannelAffine(scale: addMatrix(), shift: addMatrix(), isPerSample: true)
    lowering.add(
      GroupStatisticsKernel(
        image, epsilon: epsilon, scale: try lowering.demand(node.inputs[1], .flat),
        shift: try lowering.demand(node.inputs[2], .flat), mean: lowering.define(node.outputs[1], .flat),
        inverseDeviation: lowering.define(node.outputs[2], .flat), affine: affine, kernels: lowering.kernelTable,
        path: node.path))
    lowering.pending[node.outputs[0]] = .apply(ApplyExpression(x: .value(x), affine: affine))
  }
}

extension GroupNormalizationGradient: Lowerable {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws {
    let upstream = try lowering.demand(node.inputs[0], .blocked)
    let image = try lowering.groupedImage(node.inputs[1], groups: groups)
    let vectors = try node.inputs[2...].map { try lowering.demand($0, .flat) }
    lowering.add(
      GroupGradientKernel(
        image, upstream: upstream, scale: vectors[0], mean: vectors[1], inverseDeviation: vectors[2],
        dx: lowering.define(node.outputs[0], .blocked), scaleGradient: lowering.define(node.outputs[1], .flat),
        shiftGradient: lowering.define(node.outputs[2], .flat), kernels: lowering.kernelTable, path: node.path))
  }
}
