import LabCore
import LabGraph

extension OperationSamples {
  private struct Case {
    var name: String
    var image: Shape
    /// The kernels' shape `[K, O, I/groups, kh, kw]`.
    var kernels: Shape
    var geometry: ConvolutionGeometry
    var attentions: DynamicAttentions

    init(
      _ name: String, _ image: Shape, _ kernels: Shape, _ geometry: ConvolutionGeometry, _ attentions: DynamicAttentions
    ) {
      self.name = name
      self.image = image
      self.kernels = kernels
      self.geometry = geometry
      self.attentions = attentions
    }

    var attentionShapes: [Shape] {
      attentions.list.map { attention in
        switch attention {
        case .kernel: [image[0], kernels[0]]
        case .spatial: [image[0], kernels[3] * kernels[4]]
        case .channel: [image[0], image[1]]
        default: [image[0], kernels[1]]
        }
      }
    }

    var output: Shape {
      let extent = geometry.outputExtent(
        input: Extent2D(image[2], image[3]), kernel: Extent2D(kernels[3], kernels[4]))
      return [image[0], kernels[1], extent.height, extent.width]
    }

    var forward: OperationSample { forward(.uniform(0.1, 1)) }

    func forward(_ values: SampleOperand.Values) -> OperationSample {
      OperationSample(
        DynamicConvolution2D(geometry, attentions: attentions), name,
        [.tensor(image), .parameter(kernels)] + attentionShapes.map { .tensor($0, values) })
    }
  }

  private static let all4: DynamicAttentions = [.kernel, .spatial, .channel, .filter]
  private static let same = ConvolutionGeometry(stride: 1, padding: 1)

  private static let cases: [Case] =
    (UInt8(0)..<16).map { bits in
      let attentions = DynamicAttentions(rawValue: bits)
      let kernels = attentions.contains(.kernel) ? 3 : 1
      return Case("attentions \(attentions)", [2, 2, 4, 3], [kernels, 3, 2, 3, 3], same, attentions)
    } + [
      Case(
        "1×1", [3, 4, 3, 3], [2, 3, 4, 1, 1], ConvolutionGeometry(stride: 1, padding: 0), [.kernel, .channel, .filter]),
      Case("stride 2", [2, 3, 5, 6], [2, 4, 3, 3, 3], ConvolutionGeometry(stride: 2, padding: 1), all4),
      Case("2 groups", [2, 4, 4, 4], [2, 6, 2, 3, 3], ConvolutionGeometry(stride: 1, padding: 1, groups: 2), all4),
      Case(
        "depth-wise", [2, 4, 4, 4], [2, 4, 1, 3, 3], ConvolutionGeometry(stride: 2, padding: 1, groups: 4),
        [.kernel, .spatial, .channel]),
      Case(
        "dilation 2", [1, 2, 6, 6], [1, 3, 2, 3, 3], ConvolutionGeometry(stride: 1, padding: 2, dilation: 2),
        [.spatial, .channel, .filter]),
      Case("one kernel with kernel attention", [2, 2, 4, 4], [1, 3, 2, 3, 3], same, [.kernel]),
    ]

  static let dynamicConvolution = cases.map(\.forward)

  static let dynamicConvolutionGradient = cases.flatMap { item in
    [true, false].map { needsInputGradient in
      OperationSample(
        DynamicConvolution2DGradient(
          item.geometry, attentions: item.attentions, needsInputGradient: needsInputGradient),
        item.name + (needsInputGradient ? "" : ", without the image's gradient"),
        [.fixed(item.output), .fixed(item.image), .state(item.kernels)]
          + item.attentionShapes.map { .fixed($0, .uniform(0.1, 1)) })
    }
  }

  static let dynamicConvolutionGrid: [OperationSample] = {
    let channels = [(3, 16), (16, 16), (16, 20), (20, 32), (32, 48), (48, 32)]
    var samples: [OperationSample] = []
    for (index, (inputs, outputs)) in channels.enumerated() {
      for (position, (kernels, window, stride)) in [(1, 3, 1), (4, 3, 1), (4, 3, 2), (4, 1, 1), (2, 5, 1)].enumerated()
      {
        let batch = (index + position) % 2 == 0 ? 5 : 1
        var attentions: DynamicAttentions = [.channel, .filter]
        if kernels > 1 { attentions.insert(.kernel) }
        if window > 1 { attentions.insert(.spatial) }
        samples.append(
          Case(
            "batch \(batch), \(inputs) to \(outputs), \(kernels) kernels, \(window)×\(window), stride \(stride)",
            [batch, inputs, 7, 9], [kernels, outputs, inputs, window, window],
            ConvolutionGeometry(stride: stride, padding: window / 2), attentions
          ).forward)
      }
    }
    for (inputs, outputs, kernels, side) in [(16, 32, 4, 8), (64, 48, 3, 6), (96, 128, 2, 8), (16, 16, 1, 4)] {
      samples.append(
        Case(
          "\(inputs) to \(outputs), \(kernels) kernels on \(side)×\(side)", [5, inputs, side, side],
          [kernels, outputs, inputs, 3, 3], ConvolutionGeometry(stride: 1, padding: 1), all4
        ).forward)
    }
    // More kernels than stay in registers, more samples than are worked on together, and a window that lies beside the
    // image for most of its taps.
    for (batch, side, window, kernels, dilation) in [
      (3, 3, 3, 6, 1), (70, 4, 1, 2, 1), (37, 3, 3, 1, 1), (4, 2, 5, 5, 2),
    ] {
      samples.append(
        Case(
          "batch \(batch) of 48 to 60 on \(side)×\(side), \(kernels) kernels, \(window)×\(window), dilation \(dilation)",
          [batch, 48, side, side], [kernels, 60, 48, window, window],
          ConvolutionGeometry(stride: 1, padding: window / 2 * dilation, dilation: dilation), all4
        ).forward)
    }
    // Every set of attentions, where weights are in blocks.
    for bits in UInt8(0)..<16 {
      let attentions = DynamicAttentions(rawValue: bits)
      for kernels in attentions.contains(.kernel) ? [1, 4] : [1] {
        samples.append(
          Case(
            "16 to 32, \(kernels) kernels, attentions \(bits)", [3, 16, 6, 6], [kernels, 32, 16, 3, 3], same, attentions
          ).forward)
      }
    }
    // Groups of a channel, of parts of a block, of whole blocks, and of neither.
    let grouped = [
      (16, 16, 16), (32, 32, 32), (20, 20, 20), (58, 58, 58), (16, 32, 16), (16, 32, 4), (64, 64, 16), (48, 16, 2),
      (64, 96, 2), (40, 20, 2),
    ]
    for (index, (inputs, outputs, groups)) in grouped.enumerated() {
      for (window, stride, attentions) in [(3, 1, all4), (3, 2, [.kernel, .channel]), (1, 1, [.kernel, .filter])] {
        samples.append(
          Case(
            "\(inputs) to \(outputs), \(groups) groups, \(window)×\(window), stride \(stride)",
            [index % 2 == 0 ? 5 : 1, inputs, 7, 7], [index % 3 == 0 ? 1 : 4, outputs, inputs / groups, window, window],
            ConvolutionGeometry(stride: stride, padding: window / 2, groups: groups), attentions
          ).forward)
      }
    }
    // Attentions of exactly zero, by which sums over weights cannot be divided.
    for (inputs, outputs, groups) in [(20, 32, 1), (20, 20, 20), (16, 32, 4), (64, 32, 2)] {
      samples.append(
        Case(
          "\(inputs) to \(outputs), \(groups) groups, attentions of zero", [3, inputs, 5, 5],
          [2, outputs, inputs / groups, 3, 3], ConvolutionGeometry(stride: 1, padding: 1, groups: groups), all4
        ).forward(.uniformWithZeros(0.1, 1)))
    }
    return samples
  }()
}
