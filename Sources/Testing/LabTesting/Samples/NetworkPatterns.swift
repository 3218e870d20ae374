import LabCore
import LabGraph

extension OperationSamples {
  /// Forward patterns of networks.
  static let networkPatterns: [OperationSample] = [3, 16, 20].flatMap { channels in
    [
      pattern("convolution, norm, ReLU", channels) { net, x in
        try net.activation(net.norm(net.convolution(x, channels)))
      },
      pattern("residual block", channels) { net, x in
        let first = try net.activation(net.norm(net.convolution(x, channels)))
        let second = try net.norm(net.convolution(first, channels))
        return try net.activation(net.builder.apply(Binary(.add), second, x))
      },
      pattern("down-sampling residual block", channels) { net, x in
        let first = try net.activation(net.norm(net.convolution(x, 32, stride: 2)))
        let second = try net.norm(net.convolution(first, 32))
        let shortcut = try net.norm(net.convolution(x, 32, kernel: 1, stride: 2))
        return try net.activation(net.builder.apply(Binary(.add), second, shortcut))
      },
      pattern("residual block with group norms", channels) { net, x in
        let first = try net.activation(net.groupNorm(net.convolution(x, channels)), .silu)
        let second = try net.groupNorm(net.convolution(first, channels))
        return try net.activation(net.builder.apply(Binary(.add), second, x))
      },
      pattern("down-sampling residual block with both norms", channels) { net, x in
        let first = try net.activation(net.norm(net.convolution(x, 32, stride: 2)))
        let second = try net.groupNorm(net.convolution(first, 32))
        let shortcut = try net.norm(net.convolution(x, 32, kernel: 1, stride: 2))
        return try net.activation(net.builder.apply(Binary(.add), second, shortcut))
      },
      pattern("a group norm that two readers and a classifier share", channels) { net, x in
        let y = try net.groupNorm(net.convolution(x, channels))
        let sum = try net.builder.apply(Binary(.add), net.activation(y), net.convolution(y, channels))
        return try net.linear(net.builder.apply(Reduction(.mean, axes: [2, 3]), net.activation(sum)), 10)
      },
      pattern("a norm that two readers share", channels) { net, x in
        let y = try net.norm(net.convolution(x, channels))
        return try net.builder.apply(Binary(.add), net.activation(y), net.activation(y, .sigmoid))
      },
      pattern("a convolution that a norm and an addition read", channels) { net, x in
        let y = try net.convolution(x, channels)
        return try net.builder.apply(Binary(.add), net.norm(y), y)
      },
      pattern("pre-activation block", channels) { net, x in
        let y = try net.convolution(net.activation(net.norm(x)), channels)
        return try net.builder.apply(Binary(.add), y, x)
      },
      pattern("squeeze and excitation", channels) { net, x in
        let y = try net.norm(net.convolution(x, channels))
        let pooled = try net.builder.apply(Reduction(.mean, axes: [2, 3]), y)
        let hidden = try net.activation(net.linear(pooled, 4))
        let gate = try net.activation(net.linear(hidden, channels), .sigmoid)
        let wide = try net.builder.apply(Reshape([gate.shape[0], channels, 1, 1]), gate)
        return try net.builder.apply(Binary(.multiply), y, wide)
      },
      pattern("biased convolutions and pooling", channels) { net, x in
        let y = try net.activation(net.convolution(x, channels, hasBias: true), .relu6)
        let pooled = try net.builder.apply(
          Pooling2D(.average(countsPadding: true), PoolingGeometry(window: 3, stride: 2, padding: 1)), y)
        return try net.activation(net.convolution(pooled, 16, hasBias: true), .hardSwish)
      },
      pattern("branches, concatenation and channel shuffle", channels) { net, x in
        let left = try net.activation(net.convolution(x, channels, kernel: 1), .silu)
        let right = try net.activation(net.convolution(x, channels, kernel: 5), .gelu)
        let both = try net.builder.apply(Concatenation(axis: 1), left, right)
        let shape = both.shape
        let groups = try net.builder.apply(Reshape([shape[0], 2, channels, shape[2], shape[3]]), both)
        let shuffled = try net.builder.apply(Permute([0, 2, 1, 3, 4]), groups)
        return try net.convolution(net.builder.apply(Reshape(shape), shuffled), 16)
      },
      pattern("space to depth", channels) { net, x in
        try net.activation(net.norm(net.convolution(net.builder.apply(SpaceToDepth(), x), 16)))
      },
      pattern("dynamic convolution with its attentions", channels) { net, x in
        try net.activation(net.norm(net.dynamicConvolution(x, channels, kernels: 2)))
      },
      pattern("dynamic residual block", channels) { net, x in
        let first = try net.activation(net.norm(net.dynamicConvolution(x, channels, kernels: 1)))
        let second = try net.norm(net.dynamicConvolution(first, channels, kernels: 4))
        return try net.activation(net.builder.apply(Binary(.add), second, x))
      },
      pattern("classifier", channels) { net, x in
        let y = try net.activation(net.norm(net.convolution(x, 32, stride: 2)))
        return try net.linear(net.builder.apply(Reduction(.mean, axes: [2, 3]), y), 10)
      },
    ]
  }

  /// One layer on images of which some are filtered in large tiles and others in small ones.
  static let sharedWeights = OperationSample(
    "pattern", "weights that images of two sizes share",
    [.tensor([24, 16, 16, 16]), .tensor([24, 16, 6, 6]), .parameter([16, 16, 3, 3])]
  ) { builder, operands in
    let convolution = Convolution2D(ConvolutionGeometry(stride: 1, padding: 1))
    return try [
      builder.apply(convolution, operands[0], operands[2]), builder.apply(convolution, operands[1], operands[2]),
    ]
  }

  private static func pattern(
    _ name: String, _ channels: Int, _ body: @escaping @Sendable (PatternBuilder, Tensor) throws -> Tensor
  ) -> OperationSample {
    PatternBuilder.sample("pattern", "\(name), \(channels) channels", image: [3, channels, 6, 8]) { [try body($0, $1)] }
  }
}
