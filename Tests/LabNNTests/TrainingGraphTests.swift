import BackendReference
import LabCore
import LabGraph
import LabNN
import Testing

@Suite struct TrainingGraphTests {
  /// The network of the fixtures.
  private func model(norm: String) -> ModelFunction {
    { images, context in
      let convolution = Convolution(
        outputChannels: 4, kernelSize: 3, hasBias: true, initialization: .torchDefault)
      let x = try convolution(images, "conv", in: context)
      let normalized =
        norm == "group"
        ? try GroupNorm(groups: 2)(x, "norm", in: context)
        : try BatchNorm()(
          x, "norm", in: context)
      let pooled = try GlobalAveragePool()(normalized.activated(.relu), in: context)
      return try context.tagged("head") { try Linear(outputFeatures: 3)(pooled, "fc", in: context) }
    }
  }

  private let batch = ClassificationBatch(size: 6, image: [2, 4, 4], classCount: 3)

  @Test func stepsAreThoseOfPyTorch() throws {
    let fixture = try Fixture.json("optimizers")
    let cases = try #require(fixture["cases"]?.objectValue)
    #expect(cases.count >= 11)
    for (name, expected) in cases.sorted(by: { $0.key < $1.key }) {
      let run = try train(fixture, expected)
      for (step, loss) in try #require(expected["losses"]).doubles.enumerated() {
        #expect(abs(run.losses[step] - loss) < 1e-6, "\(name), step \(step): \(run.losses[step]) instead of \(loss)")
      }
      for (step, norm) in try #require(expected["gradient_norms"]).doubles.enumerated() {
        #expect(
          abs(run.norms[step] - norm) < 1e-5 * norm, "\(name), step \(step): \(run.norms[step]) instead of \(norm)")
      }
      for (tensor, value) in try #require(expected["final"]?.objectValue) {
        let found = try run.session.readDouble(tensor)
        let wanted = value.doubles
        let scale = wanted.reduce(0.01) { max($0, abs($1)) }
        let difference = zip(found, wanted).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(found.count == wanted.count && difference < 1e-6 * scale, "\(name): \(tensor) is off by \(difference)")
      }
    }
  }

  private struct Run {
    var session: ReferenceSession
    var losses: [Double] = []
    var norms: [Double] = []
  }

  private func train(_ fixture: JSONValue, _ expected: JSONValue) throws -> Run {
    let options = TrainingGraph.Options(
      mixesLabels: expected["mixes_labels"] == true, reportsGradientNorm: true)
    let step = try TrainingGraph(
      model: model(norm: try #require(expected["norm"]?.stringValue)), batch: batch,
      optimization: OptimizationConfiguration(configuration: try #require(expected["configuration"])), seed: 0,
      options: options)
    var run = Run(session: ReferenceBackend().makeReferenceSession())
    let executable = try run.session.compileReference(step.graph)
    let weights = try #require(expected["initial"]?.objectValue).mapValues(\.floats)
    for (name, values) in step.initialValues(seed: 0, replacing: weights) { try run.session.write(name, values) }
    let count = try #require(fixture["labels"]?.arrayValue).count
    for index in 0..<count {
      func row(_ key: String) throws -> [Double] {
        let value = try #require(fixture[key]?.arrayValue)
        return value[index].arrayValue == nil ? value.compactMap(\.doubleValue) : value[index].doubles
      }
      _ = try executable.floatInput("images").update(fromContentsOf: row("images").map { Float($0) })
      _ = try executable.integerInput("labels").update(fromContentsOf: row("labels").map { Int32($0) })
      if options.mixesLabels {
        _ = try executable.integerInput("labels2").update(fromContentsOf: row("labels2").map { Int32($0) })
        _ = try executable.floatInput("mix").update(fromContentsOf: row("mix").map { Float($0) })
      }
      try executable.fill(step.scalars, at: StepPosition(step: index, stepsPerEpoch: count, totalSteps: count))
      try executable.run()
      run.losses.append(try executable.readDouble("loss")[0])
      run.norms.append(try executable.readDouble("gradient_norm")[0])
    }
    return run
  }

  @Test func aGraphDeclaresWhatItNeedsAndNoMore() throws {
    var optimization = OptimizationConfiguration()
    func graph() throws -> TrainingGraph {
      try TrainingGraph(model: model(norm: "batch"), batch: batch, optimization: optimization, seed: 0)
    }
    let plain = try graph()
    #expect(plain.graph.inputs.map(\.name) == ["images", "labels", "learning_rate"])
    #expect(plain.graph.outputs.map(\.name) == ["logits", "loss_per_sample", "loss"])
    #expect(plain.scalars.map(\.name) == ["learning_rate"])
    optimization.optimizer = OptimizerConfiguration(Adam())
    optimization.movingAverageDecay = 0.9
    optimization.gradientClipNorm = 1
    let full = try graph()
    #expect(
      full.scalars.map(\.name) == [
        "learning_rate", "first_moment_correction", "second_moment_correction", "ema_share",
      ])
    #expect(full.graph.output("gradient_norm") != nil)
    let names = full.graph.variables.map(\.name)
    for name in ["conv.weight", "optimizer.first_moment.conv.weight", "optimizer.second_moment.fc.bias", "ema.fc.bias"]
    { #expect(names.contains(name)) }
    #expect(names.contains("ema.norm.running_mean"))
    try full.graph.verify()
  }

  @Test func frozenParametersCostNothing() throws {
    var optimization = OptimizationConfiguration()
    optimization.parameterGroups = [ParameterGroup(pattern: "conv.*", learningRateFactor: 0)]
    let step = try TrainingGraph(model: model(norm: "batch"), batch: batch, optimization: optimization, seed: 0)
    #expect(step.graph.variable("optimizer.velocity.conv.weight") == nil)
    #expect(!step.graph.nodes.contains { $0.operation is Convolution2DWeightGradient })
    #expect(step.plan.filter(\.isFrozen).map(\.declaration.name) == ["conv.weight", "conv.bias"])
  }

  @Test func patternsThatMatchNothingAreErrors() throws {
    var optimization = OptimizationConfiguration()
    optimization.parameterGroups = [ParameterGroup(pattern: "tag:haed")]
    #expect(throws: ModelError.pattern(key: "parameter_groups", index: 0, pattern: "tag:haed", nearest: "tag:head")) {
      try TrainingGraph(model: model(norm: "batch"), batch: batch, optimization: optimization, seed: 0)
    }
    optimization.parameterGroups = [ParameterGroup(pattern: "*", learningRateFactor: 0)]
    #expect(throws: ModelError.self) {
      try TrainingGraph(model: model(norm: "batch"), batch: batch, optimization: optimization, seed: 0)
    }
  }

  @Test func patternsHaveWildcards() {
    func matches(_ pattern: String, _ name: String) -> Bool {
      ParameterGroup(pattern: pattern).matches(
        ParameterDeclaration(name: name, shape: [1], role: .parameter, initializer: .zeros, tags: ["head"]))
    }
    #expect(matches("layer1.*", "layer1.0.conv1.weight"))
    #expect(!matches("layer1.*", "layer10.0.conv1.weight"))
    #expect(matches("*.bias", "fc.bias") && !matches("*.bias", "fc.bias2"))
    #expect(matches("layer*.conv2.*", "layer3.1.conv2.attention.fc.weight"))
    #expect(matches("fc.weight", "fc.weight") && !matches("fc", "fc.weight"))
    #expect(matches("tag:head", "anything") && !matches("tag:stem", "anything"))
    #expect(matches("*", "x") && !matches("", "x"))
  }

  @Test func averagedWeightsCanBeEvaluated() throws {
    var optimization = OptimizationConfiguration()
    optimization.movingAverageDecay = 0.5
    let step = try TrainingGraph(model: model(norm: "batch"), batch: batch, optimization: optimization, seed: 3)
    let session = ReferenceBackend().makeReferenceSession()
    let training = try session.compileReference(step.graph)
    let current = try EvaluationGraph(model: model(norm: "batch"), batch: batch, loss: optimization.loss)
    let averaged = try EvaluationGraph(
      model: model(norm: "batch"), batch: batch, loss: optimization.loss, weights: .averaged)
    #expect(averaged.declarations == current.declarations)
    let evaluations = try [current, averaged].map { try session.compileReference($0.graph) }
    for (name, values) in step.initialValues(seed: 3) { try session.write(name, values) }
    let stream = RandomStream(seed: 1, name: "images")
    let images = (0..<6 * 32).map { Float(stream.normal(UInt64($0))) }
    for executable in evaluations + [training] {
      _ = try executable.floatInput("images").update(fromContentsOf: images)
      _ = try executable.integerInput("labels").update(fromContentsOf: [0, 1, 2, 0, 1, 2])
    }
    func logits() throws -> [[Double]] {
      try evaluations.map {
        try $0.run()
        return try $0.readDouble("logits")
      }
    }
    let before = try logits()
    #expect(before[0] == before[1])
    try training.fill(step.scalars, at: StepPosition(step: 0, stepsPerEpoch: 1, totalSteps: 1))
    try training.run()
    let after = try logits()
    #expect(after[0] != before[0] && after[1] != before[1] && after[0] != after[1])
    #expect(try evaluations[0].readDouble("loss_per_sample").allSatisfy { $0.isFinite })
  }

  @Test func aModelMustReturnLogits() throws {
    #expect(throws: ModelError.self) {
      try EvaluationGraph(model: { images, _ in images }, batch: batch)
    }
  }
}
