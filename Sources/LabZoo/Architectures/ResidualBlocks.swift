import LabGraph
import LabNN

/// Two 3×3 convolutions and a shortcut.
///
/// ## Shapes
/// - `x`: `[N, I, H, W]`; result `[N, channels, H, W]`, or half the extent.
public struct BasicBlock: Sendable {
  /// The channels of the result.
  public var channels: Int
  /// Whether the first convolution halves the resolution.
  public var halves: Bool

  /// Applies the block.
  ///
  /// - Parameter shortcut: what fits the input to the result; nil for a projection where the shapes differ.
  public func callAsFunction(
    _ x: Tensor, network: NetworkBuilder, shortcut: ((Tensor) throws -> Tensor)? = nil
  ) throws -> Tensor {
    var y =
      halves
      ? try network.reducingConvolution(x, "conv1", channels: channels, kernelSize: 3)
      : try network.convolution(x, "conv1", Convolution(outputChannels: channels, kernelSize: 3))
    y = try network.activation(network.normalization(y, "bn1"))
    y = try network.convolution(y, "conv2", Convolution(outputChannels: channels, kernelSize: 3))
    y = try network.normalization(y, "bn2")
    return try network.activation(
      y.adding(fitted(x, channels: channels, halves: halves, network: network, shortcut: shortcut)))
  }
}

/// A 1×1, a 3×3 and a 1×1 convolution, and a shortcut; the last convolution has four times the channels.
///
/// ## Shapes
/// - `x`: `[N, I, H, W]`; result `[N, 4·channels, H, W]`, or half the extent.
public struct BottleneckBlock: Sendable {
  /// The channels of the 3×3 convolution.
  public var channels: Int
  /// Whether the block halves the resolution.
  public var halves: Bool
  /// Whether the first 1×1 convolution halves it instead of the 3×3, where the down-sampling is by stride.
  public var halvesAtFirst: Bool

  /// The channels of the result, relative to those of the 3×3 convolution.
  public static let expansion = 4

  /// Applies the block.
  public func callAsFunction(_ x: Tensor, network: NetworkBuilder) throws -> Tensor {
    let isFirst = halves && halvesAtFirst && network.style.downsampling.convolutionStride == 2
    var y = try network.convolution(
      x, "conv1", Convolution(outputChannels: channels, kernelSize: 1, stride: isFirst ? 2 : 1))
    y = try network.activation(network.normalization(y, "bn1"))
    y =
      halves && !isFirst
      ? try network.reducingConvolution(y, "conv2", channels: channels, kernelSize: 3)
      : try network.convolution(y, "conv2", Convolution(outputChannels: channels, kernelSize: 3))
    y = try network.activation(network.normalization(y, "bn2"))
    let width = channels * Self.expansion
    y = try network.convolution(y, "conv3", Convolution(outputChannels: width, kernelSize: 1))
    y = try network.normalization(y, "bn3")
    return try network.activation(
      y.adding(fitted(x, channels: width, halves: halves, network: network, shortcut: nil)))
  }
}

/// A block's input, fitted to the block's result.
private func fitted(
  _ x: Tensor, channels: Int, halves: Bool, network: NetworkBuilder, shortcut: ((Tensor) throws -> Tensor)?
) throws -> Tensor {
  if let shortcut { return try shortcut(x) }
  guard halves || x.shape[1] != channels else { return x }
  return try network.projection(x, channels: channels, halves: halves)
}
