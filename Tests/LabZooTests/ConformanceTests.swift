import BackendReference
import LabCore
import LabGraph
import LabNN
import LabZoo
import Testing

/// What every registered architecture, convolution and block has to do; new entries are covered as they are registered.
@Suite struct ConformanceTests {
  /// Small networks: every architecture with every convolution and down-sampling, and every option of the style once.
  static let configurations: [JSONValue] = {
    func names<Component>(_ registry: Registry<Component>) -> [JSONValue] {
      registry.names.map { .string($0) }
    }
    var all: [JSONValue] = []
    for architecture in names(ArchitectureFamily.registry) {
      // The smallest instance of each: few layers, few channels.
      let small: JSONValue = architecture == "imagenet-resnet" ? "resnet18" : architecture
      let depth: JSONValue = architecture == "resnet" ? 8 : .null
      for convolution in names(ConvolutionFamily.registry) {
        for downsampling in names(DownsamplingFamily.registry) {
          // The stem without reductions, so that the last stage has more than a pixel for its statistics.
          all.append([
            "architecture": small, "depth": depth, "width": 2, "conv": convolution, "downsample": downsampling,
            "stem": "cifar",
          ])
        }
      }
    }
    let base: JSONValue = ["depth": 8, "width": 4]
    func varied(_ key: String, _ values: [JSONValue]) {
      for value in values {
        var configuration = base
        configuration[key] = value
        all.append(configuration)
      }
    }
    let fusions = FusionFamily.registry.entries.flatMap { [$0.variant.name] + $0.variant.aliases.keys.sorted() }
    varied("fusion", fusions.map { .string($0) })
    varied("norm", [["name": "group", "groups": 2]])
    varied("activation", Activation.Function.allCases.map { .string($0.rawValue) })
    varied("dropout", [0.5])
    varied("stem", Stem.allCases.map { .string($0.rawValue) })
    all += [["architecture": "resnet18", "width": 2], ["architecture": "resnet50", "width": 1]]
    varied("architecture", [["name": "resnet", "shortcut": "identity"]])
    return all
  }()

  private static let batch = ClassificationBatch(size: 4, image: [2, 16, 16], classCount: 3)
  private static let largeBatch = ClassificationBatch(size: 4, image: [2, 64, 64], classCount: 3)

  @Test(arguments: configurations) func aTrainingStepLowersTheLoss(_ json: JSONValue) throws {
    let configuration = try ModelConfiguration(configuration: json)
    let isReducedEarly =
      configuration.stem == .imagenet
      || configuration.stem == nil && configuration.architecture.component is ImageNetResNet
    let batch = isReducedEarly ? Self.largeBatch : Self.batch
    var optimization = OptimizationConfiguration()
    optimization.optimizer = OptimizerConfiguration(SGD(momentum: 0))
    optimization.schedule = ScheduleConfiguration(ConstantSchedule())
    // A step of a thousandth at most: tiny networks can be very steep.
    optimization.learningRate = 1e-3
    optimization.gradientClipNorm = 1
    optimization.weightDecay = 0
    let step = try TrainingGraph(
      model: configuration.model(classCount: 3), batch: batch, optimization: optimization, seed: 5)
    try step.graph.verify()
    let evaluation = try EvaluationGraph(model: configuration.model(classCount: 3), batch: batch)
    try evaluation.graph.verify()
    #expect(evaluation.declarations == step.declarations)
    #expect(GraphCost(step.graph).parameters == step.declarations.parameterCount)

    func losses() throws -> [Double] {
      let session = ReferenceBackend().makeReferenceSession()
      let executable = try session.compileReference(step.graph)
      for (name, values) in step.initialValues(seed: 5) { try session.write(name, values) }
      let stream = RandomStream(seed: 5, name: "images")
      let images = try executable.floatInput("images")
      for index in images.indices { images[index] = Float(stream.normal(UInt64(index))) }
      _ = try executable.integerInput("labels").update(fromContentsOf: [0, 1, 2, 0])
      return try (0..<2).map { _ in
        // The same position twice, so that dropout has the same mask.
        try executable.fill(step.scalars, at: StepPosition(step: 0, stepsPerEpoch: 10, totalSteps: 20))
        try executable.run()
        let norm = try executable.readDouble("gradient_norm")[0]
        #expect(norm.isFinite && norm > 0)
        return try executable.readDouble("loss")[0]
      }
    }
    let values = try losses()
    #expect(values.allSatisfy { $0.isFinite })
    #expect(values[1] < values[0], "\(values)")
    #expect(try losses() == values)
  }

  @Test func changingTheConvolutionsLeavesTheOtherWeightsAsTheyAre() throws {
    func values(_ json: JSONValue) throws -> [String: [Float]] {
      try EvaluationGraph(
        model: ModelConfiguration(configuration: json).model(classCount: 3), batch: Self.batch
      ).declarations.initialValues(seed: 11)
    }
    let plain = try values(["depth": 8, "width": 4])
    let dynamic = try values(["depth": 8, "width": 4, "conv": "odconv-4x"])
    let changed = Set(plain.keys.filter { plain[$0] != dynamic[$0] })
    #expect(changed == Set(plain.keys.filter { $0.hasPrefix("layer") && $0.contains(".conv") }))
  }
}
