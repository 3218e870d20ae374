import LabCore
import LabGraph
import LabNN

/// The plan that densely connected networks share: blocks in which each layer sees the results of all layers before it, and
/// transitions that halve the resolution between them.
struct DenseNetwork: Sendable {
  /// The number of layers of each block.
  var layers: [Int]
  /// The channels that each layer adds.
  var growthRate: Int
  /// Whether a 1×1 convolution in front of each 3×3 one reduces its input to four times the growth rate.
  var hasBottlenecks: Bool
  /// The share of its channels that a transition keeps.
  var compression: Double

  /// Builds the network behind its stem, with torchvision's names.
  func logits(_ stem: Tensor, network: NetworkBuilder) throws -> Tensor {
    var x = stem
    for (block, count) in layers.enumerated() {
      let builder = network.stage(block + 1)
      for index in 0..<count {
        x = try network.scope("features.denseblock\(block + 1).denselayer\(index + 1)") {
          try layer(x, network: builder)
        }
      }
      guard block < layers.count - 1 else { break }
      x = try builder.transition(x)
      x = try network.scope("features.transition\(block + 1)") { try transition(x, network: builder) }
    }
    x = try network.activation(network.normalization(x, "features.norm\(layers.count + 1)"))
    return try network.head(x, "classifier", hasDropout: false)
  }

  /// What came in, and the channels that the layer adds.
  private func layer(_ x: Tensor, network: NetworkBuilder) throws -> Tensor {
    var y = try network.activation(network.normalization(x, "norm1"))
    if hasBottlenecks {
      y = try network.unit(
        y, UnitNames("conv1", "norm2"), Convolution(outputChannels: 4 * growthRate, kernelSize: 1))
    }
    y = try network.convolution(
      y, hasBottlenecks ? "conv2" : "conv1", Convolution(outputChannels: growthRate, kernelSize: 3))
    return try .concatenated([x, network.dropout(network.attention(y))])
  }

  private func transition(_ x: Tensor, network: NetworkBuilder) throws -> Tensor {
    let channels = max(Int(Double(x.shape[1]) * compression), 1)
    let activated = try network.activation(network.normalization(x, "norm"))
    let y = try network.convolution(activated, "conv", Convolution(outputChannels: channels, kernelSize: 1))
    let mean = Pooling2D(.average(countsPadding: false), PoolingGeometry(window: 2))
    return try network.pooling(y, "pool", mean)
  }
}

extension ConfigurationSchema.Field {
  /// The channels that each layer of a densely connected network adds.
  static func growthRate(default rate: Int) -> Self {
    Self("growth_rate", .integer(1...1024), default: .integer(rate), "The channels that each layer adds.")
  }

  /// Whether the layers of a densely connected network have bottlenecks.
  static func bottleneck(default isOn: Bool) -> Self {
    Self(
      "bottleneck", .boolean, default: .boolean(isOn),
      "Whether a 1×1 convolution in front of each 3×3 one reduces its input to four times the growth rate."
    ).compared(off: false)
  }

  /// The share of channels that transitions keep.
  static func compression(default share: Double) -> Self {
    Self(
      "compression", .number(.init(0, 1, includesMinimum: false)), default: .number(share),
      "The share of its channels that a transition keeps."
    ).compared([0.5, 1], off: 1)
  }
}
