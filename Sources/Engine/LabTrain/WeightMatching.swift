import LabCore
import LabGraph
import LabNN

/// How the weights of a file compare with those of a model, by name and shape.
public struct WeightMatching: Hashable, Sendable {
  /// A weight whose shape is not the model's.
  public struct Misfit: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The shape in the file.
    public var given: Shape
    /// The shape in the model.
    public var expected: Shape
  }

  /// The names that the model and the file share with equal shapes, in the model's order.
  public private(set) var matched: [String] = []
  /// The model's names that the file lacks.
  public private(set) var missing: [String] = []
  /// The file's names that the model lacks.
  public private(set) var unexpected: [String] = []
  /// The names that both have with different shapes.
  public private(set) var misfits: [Misfit] = []
  /// What to take off the file's names so that more weights fit; nil where they fit best as they are.
  public private(set) var prefix: WeightPrefix?

  /// Compares.
  ///
  /// PyTorch's counters `num_batches_tracked` are passed over: nothing depends on them.
  public init(model: [(name: String, shape: Shape)], given: [(name: String, shape: Shape)]) {
    let shapes = Dictionary(given.map { ($0.name, $0.shape) }) { first, _ in first }
    for (name, shape) in model {
      switch shapes[name] {
      case nil: missing.append(name)
      case shape?: matched.append(name)
      case let other?: misfits.append(Misfit(name: name, given: other, expected: shape))
      }
    }
    let names = Set(model.map(\.name))
    unexpected = given.map(\.name).filter { !names.contains($0) && !$0.hasSuffix("num_batches_tracked") }.sorted()
    guard !missing.isEmpty, !unexpected.isEmpty else { return }
    prefix = WeightPrefix(model: model, given: given).flatMap { $0.matchCount > matched.count ? $0 : nil }
  }

  /// Compares weights to start from with a model's, all but those that are drawn anew in any case.
  ///
  /// - Parameters:
  ///   - declarations: the model's parameters and buffers.
  ///   - weights: the weights to start from.
  ///   - exclusions: patterns, as those of parameter groups, of weights that are drawn.
  /// - Throws: `ModelError.pattern` for a pattern without weights.
  public init(
    declarations: [ParameterDeclaration], weights: [NamedTensor], excluding exclusions: [String]
  ) throws {
    let groups = exclusions.map { ParameterGroup(pattern: $0) }
    for (index, group) in groups.enumerated() where !declarations.contains(where: group.matches) {
      throw ModelError.pattern(
        key: "initial_exclude", index: index, pattern: group.pattern,
        nearest: group.suggestion(among: declarations))
    }
    let excluded = Set(declarations.filter { declaration in groups.contains { $0.matches(declaration) } }.map(\.name))
    self.init(
      model: declarations.filter { !excluded.contains($0.name) }.map { ($0.name, $0.shape) },
      given: weights.filter { !excluded.contains($0.name) }.map { ($0.name, $0.shape) })
  }

  /// Checks that weights to start from fit as they must.
  ///
  /// - Throws: ``TrainingError/weights(name:problem:)``.
  public func check(_ match: TrainingConfiguration.InitialMatch) throws {
    switch match {
    case .strict:
      guard let difference else { return }
      let remedies =
        [prefixRemedy, matched.isEmpty ? nil : "\"initial_match\": \"partial\" takes the weights that fit"]
        .compactMap(\.self)
      throw TrainingError.weights(
        name: "initial_weights",
        problem: (["does not fit the model: \(difference)"] + remedies).joined(separator: "; "))
    case .partial:
      guard matched.isEmpty else { return }
      throw TrainingError.weights(
        name: "initial_weights",
        problem: (["has no weight that fits the model"] + [prefixRemedy].compactMap(\.self)).joined(separator: "; "))
    }
  }

  /// Checks that a file has just the weights of the model, which predicts nothing otherwise.
  ///
  /// - Throws: ``TrainingError/weights(name:problem:)``.
  public func checkCompleteness() throws {
    guard let difference else { return }
    throw TrainingError.misfit(difference)
  }

  /// How to make more weights fit by their names; nil where no prefix does.
  public var prefixRemedy: String? {
    prefix.map {
      "\($0.matchCount) \($0.matchCount == 1 ? "name of the file is" : "names of the file are") the model's but for "
        + "\"\($0.text)\" before \($0.matchCount == 1 ? "it" : "them"), which \"initial_prefix\": \"\($0.text)\" takes off"
    }
  }

  /// What differs, in one sentence; nil where nothing does.
  public var difference: String? {
    var parts: [String] = []
    func list(_ what: String, _ names: [String]) {
      guard !names.isEmpty else { return }
      let rest = names.count > 5 ? " and \(names.count - 5) more" : ""
      parts.append("\(names.count) \(what) (\(names.prefix(5).joined(separator: ", "))\(rest))")
    }
    list(missing.count == 1 ? "weight is missing" : "weights are missing", missing)
    list(unexpected.count == 1 ? "is no weight of the model" : "are no weights of the model", unexpected)
    list(
      misfits.count == 1 ? "has another shape" : "have other shapes",
      misfits.map { "\($0.name): \($0.given) instead of \($0.expected)" })
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }
}
