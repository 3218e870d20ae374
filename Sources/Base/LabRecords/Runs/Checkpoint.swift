import LabCore

/// Everything that a run needs to go on as if it had never stopped.
///
/// A file gives tensors back sorted by name.
public struct Checkpoint: Sendable, Hashable {
  /// The model's parameters and running statistics by their `state_dict` names.
  public var parameters: [NamedTensor]
  /// The optimizer's tensors.
  public var optimizer: [NamedTensor]
  /// Whatever else training carries from step to step, such as averages of the weights.
  public var state: [NamedTensor]
  /// Where training stands, in the words of whoever trains; every number in it must be finite.
  ///
  /// The numbers `epoch` (complete ones), `step` (since the start of the run) and `bestEpoch` (from 0) tell everyone else
  /// where the checkpoint belongs.
  public var progress: JSONValue

  /// Creates a checkpoint.
  public init(
    parameters: [NamedTensor], optimizer: [NamedTensor] = [], state: [NamedTensor] = [],
    progress: JSONValue = .object([:])
  ) {
    self.parameters = parameters
    self.optimizer = optimizer
    self.state = state
    self.progress = progress
  }

  /// Every tensor.
  public var tensors: [NamedTensor] { parameters + optimizer + state }
}
