import LabCore

extension TrainingConfiguration {
  /// Weights to start from by the names that they have without ``initialPrefix``; others keep theirs.
  ///
  /// - Throws: ``TrainingError/configuration(key:problem:)`` where no name begins with the prefix, or where two weights
  ///   would have one name.
  public func takingOffInitialPrefix(_ weights: [NamedTensor]) throws -> [NamedTensor] {
    guard let initialPrefix else { return weights }
    // Only whole parts of names come off.
    let whole = initialPrefix.hasSuffix(".") || initialPrefix.isEmpty ? initialPrefix : initialPrefix + "."
    // PyTorch's own files are read without what parallel training puts before all names.
    let parallel = "module."
    let spellings = [whole] + (whole.hasPrefix(parallel) ? [String(whole.dropFirst(parallel.count))] : [])
    guard let prefix = spellings.first(where: { spelling in weights.contains { $0.name.hasPrefix(spelling) } }) else {
      throw refusal(
        "no weight of the file begins with \"\(whole)\"; there are \(weights.prefix(3).map(\.name).joined(separator: ", "))"
          + (weights.count > 3 ? " and \(weights.count - 3) more" : ""))
    }
    var names = Set<String>()
    return try weights.map { tensor in
      var tensor = tensor
      if tensor.name.hasPrefix(prefix) { tensor.name.removeFirst(prefix.count) }
      guard names.insert(tensor.name).inserted else {
        throw refusal("two weights of the file are called \"\(tensor.name)\" once \"\(prefix)\" is taken off")
      }
      return tensor
    }
  }

  private func refusal(_ problem: String) -> TrainingError {
    .configuration(key: CodingKeys.initialPrefix.rawValue, problem: problem)
  }
}

/// What stands before the model's names in a file of weights that was stored with a wrapper around the model.
public struct WeightPrefix: Hashable, Sendable {
  /// The prefix with the dot at its end, such as `module.` or `model._orig_mod.`.
  public var text: String
  /// How many weights fit the model once it is taken off.
  public var matchCount: Int

  /// Finds the prefix by which most weights come to fit the model by name and shape; nil where none makes any fit.
  init?(model: [(name: String, shape: Shape)], given: [(name: String, shape: Shape)]) {
    let shapes = Dictionary(model.map { ($0.name, $0.shape) }) { first, _ in first }
    var counts: [Substring: Int] = [:]
    for (name, shape) in given {
      // The longest rest of a name that is one of the model's; a name has few parts.
      for dot in name.indices.filter({ name[$0] == "." }).prefix(32) {
        let rest = name.index(after: dot)
        guard shapes[String(name[rest...])] == shape else { continue }
        counts[name[..<rest], default: 0] += 1
        break
      }
    }
    // Of equally frequent ones always the same.
    guard let best = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return nil }
    (text, matchCount) = (String(best.key), best.value)
  }
}
