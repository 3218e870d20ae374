import LabCore
import LabGraph

extension ChannelShuffle: ReferenceKernel {
  static var kind: KernelKind { .elementwise }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let shape = inputs[0].shape
    let plane = shape[2] * shape[3]
    let sources = sources(channels: shape[1])
    var elements: [Double] = []
    for sample in 0..<shape[0] {
      for channel in sources {
        let start = (sample * shape[1] + channel) * plane
        elements += inputs[0].elements[start..<start + plane]
      }
    }
    return [ReferenceTensor(shape, elements)]
  }
}
