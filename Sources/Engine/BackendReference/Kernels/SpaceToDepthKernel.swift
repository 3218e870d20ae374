import LabCore
import LabGraph

extension SpaceToDepth: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let x = inputs[0]
    let strides = x.shape.strides
    // Seen as [N, column offset, row offset, C, H/scale, W/scale], the result is a permutation of the image.
    let shape = outputTypes[0].shape
    let view: Shape = [shape[0], scale, scale, x.shape[1], shape[2], shape[3]]
    let sources = view.offsets(
      strides: [strides[0], strides[3], strides[2], strides[1], scale * strides[2], scale * strides[3]])
    return [ReferenceTensor(shape, sources.map { x.elements[$0] })]
  }
}

extension DepthToSpace: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let x = inputs[0].shape
    let strides = outputTypes[0].shape.strides
    let view: Shape = [x[0], scale, scale, x[1] / (scale * scale), x[2], x[3]]
    let targets = view.offsets(
      strides: [strides[0], strides[3], strides[2], strides[1], scale * strides[2], scale * strides[3]])
    var result = ReferenceTensor(zeros: outputTypes[0])
    for (element, target) in zip(inputs[0].elements, targets) { result.elements[target] = element }
    return [result]
  }
}
