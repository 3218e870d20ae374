import LabCore

/// What can go wrong when a model, a loss or an optimiser is put together.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  /// An option whose value does not suit the others.
  case option(subject: String, problem: String)
  /// A pattern, in a list of patterns that a key of the training holds, that matches none of the model's names.
  case pattern(key: String, index: Int, pattern: String, nearest: String?)
  /// Two definitions of one run-time scalar that differ.
  case scalar(name: String, first: String, second: String)
  /// Class counts that a loss cannot make weights from.
  case classCounts(loss: String, expected: String, actual: String)

  public var description: String {
    switch self {
    case .option(let subject, let problem): "\(subject): \(problem)"
    case .pattern(let key, _, let pattern, let nearest):
      "\"\(pattern)\" in \"\(key)\" matches no \(key == "frozen_statistics" ? "running statistics" : "weight") of the "
        + "model" + (nearest.map { " (did you mean \"\($0)\"?)" } ?? "")
    case .scalar(let name, let first, let second):
      "the run-time scalar \"\(name)\" is defined as \(first) and as \(second)"
    case .classCounts(let loss, let expected, let actual):
      "the \(loss) loss expects \(expected), found \(actual)"
    }
  }
}
