import LabGraph
import LabNN

/// Which dynamic convolutions have the weights of their attention branches in common.
///
/// What is shared are weights: each convolution computes its attentions of its own input, and normalizes the hidden layer by
/// its own statistics, since inputs of different layers are distributed differently.
public enum AttentionSharing: String, Codable, Hashable, Sendable, CaseIterable {
  /// None: each has its own.
  case layer
  /// Those of a stage with equal numbers of input and output channels, windows and groups.
  ///
  /// The weights have the names that they have in the first of these. Convolutions outside of stages have their own.
  case stage

  /// What is equal for the convolutions that share.
  struct Place: Hashable, Sendable {
    var stage: Int
    var inputChannels: Int
    var outputChannels: Int
    var kernelSize: Extent2D
    var groups: Int
  }
}
