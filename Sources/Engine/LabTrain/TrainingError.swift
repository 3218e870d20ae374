/// What can end a training early.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// The loss is no longer a finite number.
  case diverged(epoch: Int, step: Int, loss: Float)
  /// The configuration asks for something that the data do not have.
  case configuration(key: String, problem: String)
  /// A batch of one image leaves a batch normalisation a single value a channel, which has no spread.
  case singleImage(isLastBatch: Bool, layer: String)
  /// A checkpoint, or weights to start from, do not fit the model.
  case weights(name: String, problem: String)
  /// Weights are not those of the model: what is missing, too much, or of another shape.
  case misfit(String)

  public var description: String {
    switch self {
    case .diverged(let epoch, let step, let loss):
      "the loss became \(loss.isNaN ? "NaN" : loss < 0 ? "−infinity" : "infinity") in epoch \(epoch + 1), step \(step + 1)"
    case .configuration(let key, let problem): "training.\(key): \(problem)"
    case .singleImage: "training.batch_size: \(problem). \(remedy ?? "")"
    case .weights(let name, let problem): "\"\(name)\" \(problem)"
    case .misfit: problem
    }
  }

  /// What is wrong, without its key.
  public var problem: String {
    switch self {
    case .singleImage(let isLastBatch, let layer):
      (isLastBatch ? "the last batch of an epoch has a single image" : "a batch has a single image")
        + ", and \(layer), a batch normalisation, needs more than one value a channel in training"
    case .configuration(_, let problem), .weights(_, let problem): problem
    case .misfit(let difference): "the weights do not fit the model: \(difference)"
    case .diverged: description
    }
  }

  /// What to do about it, where that does not follow from the problem.
  public var remedy: String? {
    guard case .singleImage(let isLastBatch, _) = self else { return nil }
    return isLastBatch
      ? "Leave that batch out with \"drop_last\": true, or choose another \"batch_size\""
      : "Raise \"batch_size\" (there must be as many training images)"
  }
}
