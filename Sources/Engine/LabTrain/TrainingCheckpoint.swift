import LabCore
import LabGraph

/// Everything that continuing a training bit for bit needs.
///
/// Random numbers are functions of the position, so no generator's state belongs here.
public struct TrainingCheckpoint: Sendable, Hashable {
  /// One variable's numbers, dense and row-major.
  public struct Tensor: Sendable, Hashable {
    /// The variable's name.
    public var name: String
    /// Its extents.
    public var shape: Shape
    /// What it is for.
    public var role: Variable.Role
    /// Its numbers.
    public var elements: [Float]

    /// Creates a tensor.
    public init(name: String, shape: Shape, role: Variable.Role, elements: [Float]) {
      self.name = name
      self.shape = shape
      self.role = role
      self.elements = elements
    }
  }

  /// Every variable of the training step.
  public var tensors: [Tensor]
  /// Where training stands, and what the unfinished epoch has summed up so far.
  public var progress: TrainingProgress

  /// Creates a checkpoint.
  public init(tensors: [Tensor], progress: TrainingProgress) {
    self.tensors = tensors
    self.progress = progress
  }

  /// The tensors that belong to a state_dict: parameters and buffers.
  public var stateDictionary: [Tensor] { tensors.filter { $0.role != .optimizerState } }

  /// A hash of the names and bits of the tensors that belong to a state_dict.
  public var weightsHash: ContentHash { ContentHash.ofWeights(stateDictionary) }
}

extension ContentHash {
  /// A hash of the names, shapes and bits of weights, whatever their order.
  public static func ofWeights(_ tensors: [TrainingCheckpoint.Tensor]) -> ContentHash {
    var hasher = ContentHasher()
    for tensor in tensors.sorted(by: { $0.name < $1.name }) {
      hasher.update(tensor.name)
      hasher.update(tensor.shape.description)
      tensor.elements.map { $0.bitPattern.littleEndian }.withUnsafeBytes { hasher.update($0) }
    }
    return hasher.finish()
  }
}

/// Where a training stands.
public struct TrainingProgress: Sendable, Hashable, Codable {
  /// Epochs that are complete, evaluated and reported.
  public var epoch = 0
  /// Steps of the current epoch that are complete.
  public var stepInEpoch = 0
  /// Steps since the start of the run.
  public var step = 0
  /// The sum of the losses of the current epoch's images.
  public var lossSum = 0.0
  /// The current epoch's images that were classified correctly.
  public var correctCount = 0
  /// The current epoch's images so far.
  public var imageCount = 0
  /// Seconds spent on the current epoch's steps so far, over all attempts.
  public var epochSeconds = 0.0
  /// Seconds spent on complete epochs' steps, over all attempts.
  public var trainSeconds = 0.0
  /// The best validation accuracy so far.
  public var bestAccuracy: Double?
  /// The epoch of the best validation accuracy, counted from 0.
  public var bestEpoch: Int?
  /// Evaluations since the best one.
  public var evaluationsSinceBest = 0

  /// The start of a run.
  public init() {}
}
