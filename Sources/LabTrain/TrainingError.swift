/// What can end a training early.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  /// The loss is no longer a finite number.
  case diverged(epoch: Int, step: Int, loss: Float)
  /// The configuration asks for something that the data do not have.
  case configuration(key: String, problem: String)
  /// A checkpoint, or weights to start from, do not fit the model.
  case weights(name: String, problem: String)

  public var description: String {
    switch self {
    case .diverged(let epoch, let step, let loss):
      "the loss became \(loss.isNaN ? "NaN" : loss < 0 ? "−infinity" : "infinity") in epoch \(epoch + 1), step \(step + 1)"
    case .configuration(let key, let problem): "training.\(key): \(problem)"
    case .weights(let name, let problem): "\"\(name)\" \(problem)"
    }
  }
}
