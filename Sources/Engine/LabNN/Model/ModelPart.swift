import LabCore
import LabGraph

/// A part of a model that can be replaced after training: an attention, or a block with a shortcut.
///
/// Layers mark their parts by ``ModelContext/attention(_:_:)`` and ``ModelContext/block(_:_:)``, which change nothing of
/// the graph.
public struct ModelPart: Hashable, Sendable {
  /// What a part does.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Weights of the kernels of a dynamic convolution.
    case kernelAttention = "kernel-attention"
    /// Weights of a window's taps.
    case spatialAttention = "spatial-attention"
    /// Weights of channels.
    case channelAttention = "channel-attention"
    /// Weights of filters.
    case filterAttention = "filter-attention"
    /// Weights of pixels.
    case pixelAttention = "pixel-attention"
    /// Weights of each channel at each pixel.
    case featureAttention = "feature-attention"
    /// Weights of paths side by side.
    case branchAttention = "branch-attention"
    /// A block and its shortcut.
    case block

    /// Whether it is an attention.
    public var isAttention: Bool { self != .block }
  }

  /// What it does.
  public let kind: Kind
  /// The path of the layer that has it, such as `layer1.0.conv1`.
  public let path: String
  /// The value that it computes: an attention's weights, a block's result.
  public let value: ValueID
  /// What comes into a block; nil for an attention.
  public let input: ValueID?
  /// The weight of an attention that attends to nothing in particular: its share where weights sum to 1, else 1.
  public let neutralWeight: Float

  init(kind: Kind, path: String, _ tensor: Tensor, input: ValueID? = nil) {
    self.kind = kind
    self.path = path
    self.input = input
    value = tensor.id
    let graph = tensor.builder.graph
    neutralWeight =
      if case .node(let node, _) = graph.values[tensor.id.index].origin, graph.nodes[node].operation is Softmax {
        1 / Float(tensor.shape[-1])
      } else {
        1
      }
  }
}
