import LabCore
import LabGraph
import LabNN

/// What makes attentions of logits.
public enum AttentionGate: String, Codable, Hashable, Sendable, CaseIterable {
  /// Each between 0 and 1 by itself.
  case sigmoid
  /// Positive numbers that sum to 1.
  case softmax
  /// Each between 0 and 1 by itself, linearly in between.
  case hardSigmoid = "hard-sigmoid"

  /// The attentions of logits.
  ///
  /// ## Shapes
  /// - `logits`: `[N, A]`; result: the same.
  ///
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit.
  func callAsFunction(_ logits: Tensor) throws -> Tensor {
    switch self {
    case .sigmoid: try logits.activated(.sigmoid)
    case .softmax: try logits.softmax()
    case .hardSigmoid: try logits.activated(.hardSigmoid)
    }
  }

  /// The key of a gate.
  static func field(_ name: String, default gate: AttentionGate, _ summary: String) -> ConfigurationSchema.Field {
    .init(name, .choice(allCases.map(\.rawValue)), default: .string(gate.rawValue), summary)
  }
}

/// The gate of each of ODConv's attentions; the paper's unless given.
public struct AttentionGates: Codable, Hashable, Sendable {
  /// The gate of the attention over taps.
  public var spatial = AttentionGate.sigmoid
  /// The gate of the attention over input channels.
  public var channel = AttentionGate.sigmoid
  /// The gate of the attention over filters.
  public var filter = AttentionGate.sigmoid
  /// The gate of the attention over kernels.
  public var kernel = AttentionGate.softmax

  /// Creates the paper's gates.
  public init() {}

  /// The gate of one attention.
  subscript(attention: DynamicAttentions) -> AttentionGate {
    switch attention {
    case .spatial: spatial
    case .channel: channel
    case .filter: filter
    default: kernel
    }
  }

  /// The key of the gates, an object of one for each attention.
  static let field = ConfigurationSchema.Field(
    "gates",
    .object(
      ConfigurationSchema(
        DynamicAttentions.named.map {
          AttentionGate.field($0.name, default: Self()[$0.attention], "The gate of the attention over \($0.subject).")
        })), default: [:], "What makes each attention of its logits.")
}
