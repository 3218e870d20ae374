import LabCore
import LabGraph

extension DynamicConvolution2D: ReferenceKernel {
  static var kind: KernelKind { .convolutionForward }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (x, kernels) = (inputs[0], inputs[1])
    var y: [Double] = []
    for sample in 0..<x.shape[0] {
      let factors = SampleFactors(attentions, Array(inputs.dropFirst(2)), sample: sample, geometry, kernels.shape)
      y +=
        Convolution2D(geometry).evaluate(
          [x.sample(sample), factors.aggregate(kernels)], outputTypes: [outputTypes[0].sample])[0].elements
    }
    return [ReferenceTensor(outputTypes[0].shape, y)]
  }
}

extension DynamicConvolution2DGradient: ReferenceKernel {
  static var kind: KernelKind { .convolutionWeightGradient }

  func evaluate(_ inputs: [ReferenceTensor], outputTypes: [TensorType]) -> [ReferenceTensor] {
    let (upstream, x, kernels) = (inputs[0], inputs[1], inputs[2])
    var imageGradient: [Double] = []
    var kernelGradient = ReferenceTensor(zeros: kernels.type)
    var attentionGradients = attentions.list.map { _ in [Double]() }
    for sample in 0..<x.shape[0] {
      let factors = SampleFactors(attentions, Array(inputs.dropFirst(3)), sample: sample, geometry, kernels.shape)
      let (dy, image, weight) = (upstream.sample(sample), x.sample(sample), factors.aggregate(kernels))
      if needsInputGradient {
        imageGradient +=
          Convolution2DInputGradient(geometry, image: image.shape)
          .evaluate([dy, weight], outputTypes: [image.type])[0].elements
      }
      let weightGradient = Convolution2DWeightGradient(geometry, kernel: weight.shape)
        .evaluate([image, dy], outputTypes: [weight.type])[0]
      let gradients = factors.contract(kernels, weightGradient, kernelGradient: &kernelGradient)
      for (index, attention) in attentions.list.enumerated() {
        attentionGradients[index] += gradients[attention]
      }
    }
    let gradients = zip(inputs.dropFirst(3), attentionGradients).map { ReferenceTensor($0.shape, $1) }
    return (needsInputGradient ? [ReferenceTensor(x.shape, imageGradient)] : []) + [kernelGradient] + gradients
  }
}

/// What scales the kernels' elements of one sample; ones where an attention is absent.
private struct SampleFactors {
  /// One factor a kernel.
  var kernel: [Double]
  /// One factor a tap.
  var spatial: [Double]
  /// One factor an input channel.
  var channel: [Double]
  /// One factor an output channel.
  var filter: [Double]
  private let outputsPerGroup: Int
  private let inputsPerGroup: Int

  /// Takes one sample's attentions `[N, …]`; `kernels` is `[K, O, I/groups, kh, kw]`.
  init(
    _ present: DynamicAttentions, _ attentions: [ReferenceTensor], sample: Int, _ geometry: ConvolutionGeometry,
    _ kernels: Shape
  ) {
    kernel = [Double](repeating: 1, count: kernels[0])
    spatial = [Double](repeating: 1, count: kernels[3] * kernels[4])
    channel = [Double](repeating: 1, count: kernels[2] * geometry.groups)
    filter = [Double](repeating: 1, count: kernels[1])
    outputsPerGroup = kernels[1] / geometry.groups
    inputsPerGroup = kernels[2]
    for (attention, tensor) in zip(present.list, attentions) {
      let width = tensor.shape[1]
      self[attention] = Array(tensor.elements[sample * width..<(sample + 1) * width])
    }
  }

  subscript(attention: DynamicAttentions) -> [Double] {
    get {
      switch attention {
      case .kernel: kernel
      case .spatial: spatial
      case .channel: channel
      default: filter
      }
    }
    set {
      switch attention {
      case .kernel: kernel = newValue
      case .spatial: spatial = newValue
      case .channel: channel = newValue
      default: filter = newValue
      }
    }
  }

  /// `Σ_k kernel_k · spatial ⊙ channel ⊙ filter ⊙ W_k`, the sample's weights `[O, I/groups, kh, kw]`.
  func aggregate(_ kernels: ReferenceTensor) -> ReferenceTensor {
    var result = ReferenceTensor(zeros: TensorType(Shape(Array(kernels.shape.dimensions.dropFirst()))))
    forEachElement { position, element, k, o, channelIndex, tap in
      result.elements[element] +=
        kernels.elements[position] * kernel[k] * filter[o] * channel[channelIndex] * spatial[tap]
    }
    return result
  }

  /// The gradients of the factors, from that of the sample's weights; adds the sample's part to the kernels' gradient.
  func contract(
    _ kernels: ReferenceTensor, _ gradient: ReferenceTensor, kernelGradient: inout ReferenceTensor
  ) -> SampleFactors {
    var result = self
    for attention in [DynamicAttentions.kernel, .spatial, .channel, .filter] {
      result[attention] = [Double](repeating: 0, count: self[attention].count)
    }
    forEachElement { position, element, k, o, channelIndex, tap in
      let (a, f, c, s) = (kernel[k], filter[o], channel[channelIndex], spatial[tap])
      let upstream = gradient.elements[element]
      kernelGradient.elements[position] += upstream * a * f * c * s
      let product = upstream * kernels.elements[position]
      result.kernel[k] += product * f * c * s
      result.filter[o] += product * a * c * s
      result.channel[channelIndex] += product * a * f * s
      result.spatial[tap] += product * a * f * c
    }
    return result
  }

  /// Enumerates the kernels' elements: the position in all kernels and in one, and the index of each factor.
  private func forEachElement(
    _ body: (_ position: Int, _ element: Int, _ kernel: Int, _ output: Int, _ channel: Int, _ tap: Int) -> Void
  ) {
    var position = 0
    for k in kernel.indices {
      var element = 0
      for o in filter.indices {
        for i in 0..<inputsPerGroup {
          for tap in spatial.indices {
            body(position, element, k, o, o / outputsPerGroup * inputsPerGroup + i, tap)
            position += 1
            element += 1
          }
        }
      }
    }
  }
}

extension ReferenceTensor {
  /// One sample of a batch, as a batch of one.
  fileprivate func sample(_ index: Int) -> ReferenceTensor {
    let count = shape.elementCount / shape[0]
    return ReferenceTensor(type.sample.shape, Array(elements[index * count..<(index + 1) * count]))
  }
}

extension TensorType {
  /// The type of a batch of one.
  fileprivate var sample: TensorType {
    var sample = self
    sample.shape[0] = 1
    return sample
  }
}
