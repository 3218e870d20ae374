import LabCore
import LabData
import LabGraph
import LabNN
import LabTrain
import Testing

/// Starting from trained weights: strict and partial matching, a new head, frozen stages and statistics.
@Suite struct TransferTests {
  private func weights(_ fixture: TrainingFixture) throws -> [NamedTensor] {
    try #require(fixture.trainer().run(observer: RecordingObserver()).result).lastWeights
  }

  private func trainer(
    _ fixture: TrainingFixture, from weights: [NamedTensor], partial: Bool = false,
    _ change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws -> Trainer {
    var configuration = fixture.configuration
    configuration.initialWeights = "given"
    if partial { configuration.initialMatch = .partial }
    change(&configuration)
    return try fixture.trainer(configuration, seed: 2, initialWeights: weights)
  }

  @Test func strictWeightsMustFitExactly() throws {
    let fixture = try TrainingFixture()
    var weights = try weights(fixture)
    #expect(try #require(try trainer(fixture, from: weights).weightMatching).difference == nil)
    // PyTorch's counter of batches is passed over.
    weights.append(NamedTensor("bn1.num_batches_tracked", [], [1 as Int64]))
    #expect(try #require(try trainer(fixture, from: weights).weightMatching).difference == nil)

    let removed = weights.removeFirst()
    weights.append(NamedTensor("extra.weight", [1], [1.0 as Float]))
    let head = try #require(weights.firstIndex { $0.name == "fc.bias" })
    weights[head] = NamedTensor("fc.bias", [7], [Float](repeating: 0, count: 7))
    let error = #expect(throws: TrainingError.self) { try trainer(fixture, from: weights) }
    let text = error?.description ?? ""
    #expect(text.contains("1 weight is missing (\(removed.name))"))
    #expect(text.contains("1 is no weight of the model (extra.weight)"))
    #expect(text.contains("1 has another shape (fc.bias: [7] instead of [43])"))
    #expect(text.contains("\"initial_match\": \"partial\""))

    let matching = try #require(try trainer(fixture, from: weights, partial: true).weightMatching)
    #expect(matching.missing == [removed.name])
    #expect(matching.unexpected == ["extra.weight"])
    #expect(matching.misfits.map(\.name) == ["fc.bias"])
    let foreign = [NamedTensor("x", [1], [1.0 as Float])]
    #expect(throws: TrainingError.self) { try trainer(fixture, from: foreign, partial: true) }
  }

  /// A wrapper around the model stands before every name of its weights.
  @Test(arguments: ["module.", "_orig_mod.", "model.", "module._orig_mod.", "state.backbone.encoder."])
  func aPrefixIsOfferedAndTakenOff(_ prefix: String) throws {
    let fixture = try TrainingFixture()
    let given = try weights(fixture)
    let wrapped = given.map { tensor in
      var tensor = tensor
      tensor.name = prefix + tensor.name
      return tensor
    }
    for partial in [false, true] {
      let error = #expect(throws: TrainingError.self) { try trainer(fixture, from: wrapped, partial: partial) }
      let text = error?.description ?? ""
      #expect(
        text.hasSuffix(
          "; \(given.count) names of the file are the model's but for \"\(prefix)\" before them, which "
            + "\"initial_prefix\": \"\(prefix)\" takes off"), "\(text)")
    }
    var configuration = fixture.configuration
    // Names have whole parts, so the dot at the end may be left out.
    for spelling in [prefix, String(prefix.dropLast())] {
      configuration.initialPrefix = spelling
      #expect(try configuration.takingOffInitialPrefix(wrapped) == given)
    }
    // What has no prefix keeps its name.
    let more = NamedTensor("epoch", [1], [1.0 as Float])
    #expect(try configuration.takingOffInitialPrefix(wrapped + [more]) == given + [more])
  }

  @Test func prefixesThatDoNotHelpAreNotOffered() throws {
    let model: [(name: String, shape: Shape)] = [("a.b.weight", [2]), ("c.weight", [3]), ("weight", [4])]
    func matching(_ names: [(name: String, shape: Shape)]) -> WeightMatching {
      WeightMatching(model: model, given: names)
    }
    #expect(matching(model).prefix == nil)
    // Another shape, another end, fewer than fit already.
    #expect(matching([("module.c.weight", [5]), ("modules.weights", [4])]).prefix == nil)
    #expect(matching([("a.b.weight", [2]), ("c.weight", [3]), ("module.weight", [4])]).prefix == nil)
    // The longest rest counts, and of several prefixes the one by which most weights fit.
    let ema = matching([("ema.a.b.weight", [2]), ("x.c.weight", [3]), ("x.weight", [4]), ("rest", [1])])
    #expect(ema.prefix.map { [$0.text, "\($0.matchCount)"] } == ["x.", "2"])
    #expect(ema.difference?.contains("3 weights are missing") == true)
  }

  @Test func aWrongPrefixIsRefused() throws {
    var configuration = TrainingConfiguration()
    configuration.initialPrefix = "modul"
    func tensor(_ name: String) -> NamedTensor {
      NamedTensor(name, [1], [1.0 as Float])
    }
    #expect(
      throws: TrainingError.configuration(
        key: "initial_prefix",
        problem: "no weight of the file begins with \"modul.\"; there are module.a, module.b, module.c and 1 more")
    ) { try configuration.takingOffInitialPrefix("abcd".map { tensor("module.\($0)") }) }
    // The reader of PyTorch's files takes this one off by itself.
    for (prefix, name) in [("module._orig_mod.", "_orig_mod.a"), ("module.", "a")] {
      configuration.initialPrefix = prefix
      #expect(try configuration.takingOffInitialPrefix([tensor(name)]) == [tensor("a")])
      #expect(try configuration.takingOffInitialPrefix([tensor(prefix + "a")]) == [tensor("a")])
    }
    configuration.initialPrefix = "module."
    #expect(
      throws: TrainingError.configuration(
        key: "initial_prefix", problem: "two weights of the file are called \"a\" once \"module.\" is taken off")
    ) { try configuration.takingOffInitialPrefix([tensor("a"), tensor("module.a")]) }
  }

  @Test func aBackboneIsKeptWhereTheHeadIsNew() throws {
    let fixture = try TrainingFixture()
    let backbone = try weights(fixture).filter { !$0.name.hasPrefix("fc.") }
    // With everything but the head frozen, the backbone stays what was given to the bit.
    let trainer = try trainer(fixture, from: backbone, partial: true) {
      $0.optimization.parameterGroups = [
        ParameterGroup(pattern: "tag:head", learningRateFactor: 10),
        ParameterGroup(pattern: "*", learningRateFactor: 0),
      ]
      $0.optimization.frozenStatistics = ["*"]
    }
    let observer = RecordingObserver()
    let result = try #require(trainer.run(observer: observer).result)
    let losses = observer.epochs.compactMap { $0.metrics["train_loss"] }
    #expect(losses.count == 2 && losses[1] < losses[0])
    let after = Dictionary(uniqueKeysWithValues: result.lastWeights.map { ($0.name, $0.floats) })
    for tensor in backbone { #expect(after[tensor.name] == tensor.floats, "\(tensor.name)") }
  }

  @Test func excludedWeightsAreDrawn() throws {
    let fixture = try TrainingFixture()
    let given = try weights(fixture)
    let matching = try trainer(fixture, from: given) { $0.initialExclusions = ["tag:head"] }.weightMatching
    #expect(try #require(matching).difference == nil)
    #expect(matching?.matched.contains("fc.weight") == false)
    #expect(matching?.matched.count == given.count - 2)
    #expect(throws: ModelError.self) { try trainer(fixture, from: given) { $0.initialExclusions = ["tag:haed"] } }
  }

  @Test func statisticsFreezeByPattern() throws {
    let fixture = try TrainingFixture()
    let given = try weights(fixture)
    let trainer = try trainer(fixture, from: given) { $0.optimization.frozenStatistics = ["layer1.*"] }
    let result = try #require(trainer.run(observer: RecordingObserver()).result)
    let before = Dictionary(uniqueKeysWithValues: given.map { ($0.name, $0.floats) })
    for tensor in result.lastWeights where tensor.name.hasSuffix("running_mean") {
      let isKept = before[tensor.name] == tensor.floats
      #expect(isKept == tensor.name.hasPrefix("layer1."), "\(tensor.name)")
    }
    // The normalisations' own weights are still trained.
    let weight = result.lastWeights.first { $0.name == "layer1.0.bn1.weight" }
    #expect(weight != nil && weight?.floats != before["layer1.0.bn1.weight"])
    let error = #expect(throws: ModelError.self) {
      try self.trainer(fixture, from: given) { $0.optimization.frozenStatistics = ["layr1.*"] }
    }
    #expect(error?.description.contains("layr1.*") == true)
  }
}
