import LabNN
import LabTrain

/// A kind of part that can be replaced, by the name that a user gives.
package enum LesionKind: Hashable, Sendable {
  /// Attentions of a kind.
  case attention(ModelPart.Kind)
  /// Blocks with a shortcut.
  case block
  /// Channels, filters or kernels of convolutions.
  case weights(WeightSlice.Kind)

  /// All kinds, in the order of listings.
  package static let all =
    ModelPart.Kind.allCases.filter(\.isAttention).map(LesionKind.attention) + [.block]
    + WeightSlice.Kind.allCases.map(LesionKind.weights)

  /// The name, such as `spatial-attention` or `filters`.
  package var name: String {
    switch self {
    case .attention(let kind): kind.rawValue
    case .block: "blocks"
    case .weights(let kind): kind.rawValue + "s"
    }
  }

  /// The names of what can take its place; the first one does unless another is asked for.
  package var replacements: [String] {
    switch self {
    case .attention: Lesion.Substitute.allCases.map(\.rawValue)
    case .block: ["identity"]
    case .weights: ["zero"]
    }
  }

  var isAttention: Bool { if case .attention = self { true } else { false } }

  /// The name that stands for all attentions.
  package static let attentions = "attentions"

  /// The names that a user can give.
  package static var names: [String] { [attentions] + all.map(\.name) }
}
