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
  /// Whether the names of a convolution and its normalisation are inside a common one.
  public var nestsNames = false

  /// Applies the block.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, O, H′, W′]`.
  ///
  /// - Parameters:
  ///   - x: what comes in.
  ///   - network: puts what is configured in the places of the block's parts.
  ///   - shortcut: what fits the input to the result; nil for a projection where the shapes differ.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func callAsFunction(
    _ x: Tensor, network: NetworkBuilder, shortcut: ((Tensor) throws -> Tensor)? = nil
  ) throws -> Tensor {
    let names = BlockNames(isNested: nestsNames)
    var y = try network.unit(
      x, names[1], Convolution(outputChannels: channels, kernelSize: 3, stride: halves ? 2 : 1))
    y = try network.unit(y, names[2], Convolution(outputChannels: channels, kernelSize: 3), activates: false)
    y = try network.attention(y)
    let result = try network.activation(
      y.adding(fitted(x, channels: channels, halves: halves, network: network, shortcut: shortcut)))
    return network.context.block(x, result)
  }
}

/// A 1×1, a 3×3 and a 1×1 convolution, and a shortcut; the last convolution has four times the channels.
///
/// ## Shapes
/// - `x`: `[N, I, H, W]`; result `[N, 4·channels, H, W]`, or half the extent.
public struct BottleneckBlock: Sendable {
  /// A quarter of the channels of the result.
  public var channels: Int
  /// The channels of the 3×3 convolution.
  public var innerChannels: Int
  /// The number of groups of the 3×3 convolution.
  public var groups = 1
  /// Whether the block halves the resolution.
  public var halves: Bool
  /// Whether the first 1×1 convolution halves it instead of the 3×3, where the down-sampling is by stride.
  public var halvesAtFirst = false
  /// Whether it is halved by a pooling behind the 3×3 convolution, and in front of the shortcut's 1×1.
  public var poolsResolution = false
  /// Whether the names of a convolution and its normalisation are inside a common one.
  public var nestsNames = false

  /// The channels of the result, relative to ``channels``.
  public static let expansion = 4

  /// Applies the block.
  ///
  /// ## Shapes
  /// - `x`: `[N, C, H, W]`; result: `[N, O, H′, W′]`.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where an option does not.
  public func callAsFunction(_ x: Tensor, network: NetworkBuilder) throws -> Tensor {
    let names = BlockNames(isNested: nestsNames)
    let halvesFirst = halves && halvesAtFirst && network.downsampling.convolutionStride == 2
    var y = try network.unit(
      x, names[1], Convolution(outputChannels: innerChannels, kernelSize: 1, stride: halvesFirst ? 2 : 1))
    let stride = halves && !halvesFirst && !poolsResolution ? 2 : 1
    y = try network.unit(
      y, names[2], Convolution(outputChannels: innerChannels, kernelSize: 3, stride: stride, groups: groups))
    if halves, poolsResolution {
      let mean = Pooling2D(.average(countsPadding: true), PoolingGeometry(window: 3, stride: 2, padding: 1))
      y = try network.pooling(y, "avd_last", mean)
    }
    let width = channels * Self.expansion
    y = try network.unit(y, names[3], Convolution(outputChannels: width, kernelSize: 1), activates: false)
    y = try network.attention(y)
    let result = try network.activation(
      y.adding(
        fitted(x, channels: width, halves: halves, poolsResolution: poolsResolution, network: network, shortcut: nil)))
    return network.context.block(x, result)
  }
}

/// The names of a residual block's convolutions and normalisations by number.
private struct BlockNames {
  var isNested: Bool

  subscript(number: Int) -> UnitNames {
    isNested ? UnitNames(in: "conv\(number)") : UnitNames("conv\(number)", "bn\(number)")
  }
}

/// A block's input, fitted to the block's result.
private func fitted(
  _ x: Tensor, channels: Int, halves: Bool, poolsResolution: Bool = false, network: NetworkBuilder,
  shortcut: ((Tensor) throws -> Tensor)?
) throws -> Tensor {
  if let shortcut { return try shortcut(x) }
  guard halves || x.shape[1] != channels else { return x }
  return try network.projection(x, channels: channels, halves: halves, poolsResolution: poolsResolution)
}
