/// In what training steps keep activations, their gradients and the weights that they multiply.
public enum Precision: String, Sendable, Codable, CaseIterable {
  /// Single precision throughout.
  case float32 = "f32"
  /// Sixteen bits, eight of them significant, with the exponents of single precision.
  ///
  /// What a step keeps from one pass over the batch to the next, and the weights of layers, are rounded to bfloat16.
  /// Sums, normalisation, losses and the updates are computed in single precision, and the parameters themselves keep
  /// all their digits. Programs without a backward pass compute in single precision.
  ///
  /// - Source: Kalamkar et al., "A Study of BFLOAT16 for Deep Learning Training", arXiv:1905.12322.
  case bfloat16 = "bf16"
}
