import LabCore
import LabNN

/// What is replaced in a trained model at once.
public struct Lesion: Hashable, Sendable {
  /// What takes the place of an attention's weights.
  public enum Substitute: String, Sendable, Hashable, Codable, CaseIterable {
    /// Their means over a sample of images.
    case mean
    /// Weights that attend to nothing in particular: 1, or equal shares where they sum to 1.
    case one
    /// Those of another image, drawn from a sample.
    case random
  }

  /// The attentions that are replaced.
  public var attentions: [ModelPart]
  /// What takes their places.
  public var substitute: Substitute
  /// The blocks that pass on what comes in.
  public var blocks: [ModelPart]
  /// What of the convolutions' weights is set to zero.
  public var weights: [WeightSlice]

  /// Creates a lesion.
  public init(
    attentions: [ModelPart] = [], by substitute: Substitute = .mean, blocks: [ModelPart] = [],
    weights: [WeightSlice] = []
  ) {
    self.attentions = attentions
    self.substitute = substitute
    self.blocks = blocks
    self.weights = weights
  }

  /// Whether it takes a sample of the attentions of images.
  public var needsSample: Bool { !attentions.isEmpty && substitute != .one }
}
